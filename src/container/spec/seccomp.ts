import { DhowError } from "../../errors.ts";
import type { SeccompSpec, SyscallArgument, SyscallRule } from "../../oci/runtime-spec.ts";
import { defaultProfile, type ProfileRule } from "./seccomp-profile.ts";

/** What decides which rules of a profile hold. */
export interface SeccompFacts {
  /** The container's bounding set, as `CAP_KILL`. */
  readonly capabilities: readonly string[];
  /** By Go's name, as in image platforms: `amd64`. */
  readonly architecture: string;
}

const EPERM = 1;
const ENOSYS = 38;

/** The runtime's names of an architecture and of those whose programs it also runs. */
const runtimeArchitectures: Readonly<Record<string, readonly string[]>> = {
  amd64: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  "386": ["SCMP_ARCH_X86"],
  arm64: ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
  arm: ["SCMP_ARCH_ARM"],
  ppc64le: ["SCMP_ARCH_PPC64LE"],
  s390x: ["SCMP_ARCH_S390X", "SCMP_ARCH_S390"],
  riscv64: ["SCMP_ARCH_RISCV64"],
};

/** dhow's default profile for a container. */
export function defaultSeccomp(facts: SeccompFacts): SeccompSpec {
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: ENOSYS,
    architectures: runtimeArchitectures[facts.architecture] ?? [],
    syscalls: defaultProfile.filter((rule) => holds(rule, facts)).map(toRuntimeRule),
  };
}

function holds(rule: ProfileRule, { capabilities, architecture }: SeccompFacts): boolean {
  const has = (name: string) => capabilities.includes(name);
  return (
    (rule.withCapability?.some(has) ?? true) &&
    !(rule.withoutCapability?.some(has) ?? false) &&
    (rule.architectures?.includes(architecture) ?? true)
  );
}

function toRuntimeRule({ calls, allow, errno, args }: ProfileRule): SyscallRule {
  return {
    names: calls.trim().split(/\s+/),
    action: allow ? "SCMP_ACT_ALLOW" : "SCMP_ACT_ERRNO",
    ...(allow ? {} : { errnoRet: errno ?? EPERM }),
    ...(args === undefined ? {} : { args }),
  };
}

interface ProfileCondition {
  readonly caps?: readonly string[];
  readonly arches?: readonly string[];
}

interface FileRule {
  readonly names?: readonly string[];
  readonly name?: string;
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly SyscallArgument[] | null;
  readonly includes?: ProfileCondition;
  readonly excludes?: ProfileCondition;
}

interface ProfileFile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[];
  readonly archMap?: readonly { readonly architecture: string; readonly subArchitectures?: readonly string[] | null }[];
  readonly flags?: readonly string[];
  readonly syscalls?: readonly FileRule[];
}

/**
 * A profile that the user wrote in the form of Docker and Podman, conditions on capabilities and machines resolved.
 * @throws {DhowError} `invalid-argument` if it is not such a profile.
 */
export function parseSeccomp(text: string, facts: SeccompFacts): SeccompSpec {
  const file = readProfile(text);
  const rules = file.syscalls ?? [];
  return {
    defaultAction: file.defaultAction,
    ...(file.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: file.defaultErrnoRet }),
    architectures: chooseArchitectures(file, facts.architecture),
    ...(file.flags === undefined ? {} : { flags: file.flags }),
    syscalls: rules.filter((rule) => applies(rule, facts)).map(fromFileRule),
  };
}

function readProfile(text: string): ProfileFile {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new DhowError("loading seccomp profile failed: it is not JSON", { kind: "invalid-argument", cause });
  }
  if (typeof parsed !== "object" || parsed === null || !("defaultAction" in parsed)) {
    throw new DhowError("loading seccomp profile failed: it has no defaultAction", { kind: "invalid-argument" });
  }
  return parsed as ProfileFile;
}

function chooseArchitectures(file: ProfileFile, architecture: string): readonly string[] {
  if (file.architectures && file.architectures.length > 0) return file.architectures;
  const native = runtimeArchitectures[architecture]?.[0];
  const entry = file.archMap?.find((one) => one.architecture === native);
  return entry ? [entry.architecture, ...(entry.subArchitectures ?? [])] : [];
}

function applies({ includes, excludes }: FileRule, { capabilities, architecture }: SeccompFacts): boolean {
  const hasCapability = (list: readonly string[]) => list.some((name) => capabilities.includes(name));
  if (includes?.arches?.length && !includes.arches.includes(architecture)) return false;
  if (includes?.caps?.length && !hasCapability(includes.caps)) return false;
  if (excludes?.arches?.length && excludes.arches.includes(architecture)) return false;
  return !(excludes?.caps?.length && hasCapability(excludes.caps));
}

function fromFileRule({ names, name, action, errnoRet, args }: FileRule): SyscallRule {
  return {
    names: names ?? (name === undefined ? [] : [name]),
    action,
    ...(errnoRet === undefined ? {} : { errnoRet }),
    ...(args && args.length > 0 ? { args } : {}),
  };
}
