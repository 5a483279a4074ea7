import type { ContainerConfig, NamespaceMode, SecurityConfig, Ulimit } from "../../model/container-config.ts";
import type { ContainerDefaults } from "../../oci/image.ts";
import { mergeCapabilities } from "../capabilities.ts";
import { absolutePath } from "./environment.ts";
import type { CallerFacts, SecurityFlags } from "./flags.ts";
import { podNamespace } from "./pod.ts";
import { cut, invalid, parseBoolean, splitList, unsupported } from "./values.ts";

export type SecurityPart = Pick<
  ContainerConfig,
  | "capAdd"
  | "capDrop"
  | "privileged"
  | "security"
  | "ulimits"
  | "sysctls"
  | "oomScoreAdj"
  | "pidMode"
  | "ipcMode"
  | "ipcShareable"
  | "utsMode"
  | "cgroupMode"
  | "cgroups"
  | "cgroupParent"
>;

/** Rights, limits and namespaces of the container's processes. */
export function buildSecurity(flags: SecurityFlags, image: ContainerDefaults, caller: CallerFacts): SecurityPart {
  const capAdd = splitList(flags["cap-add"]).filter(Boolean);
  const capDrop = splitList(flags["cap-drop"]).filter(Boolean);
  mergeCapabilities(capAdd, capDrop, caller.lastCapability);
  return {
    capAdd,
    capDrop,
    privileged: flags.privileged,
    security: applyPolicy(flags["seccomp-policy"], parseSecurityOptions(flags["security-opt"], caller), image),
    ulimits: parseUlimits(splitList(flags.ulimit)),
    sysctls: parseSysctls(splitList(flags.sysctl)),
    oomScoreAdj: checkOomScore(flags["oom-score-adj"]),
    pidMode: parseNamespace(flags.pid, "pid", caller),
    ipcShareable: flags.ipc === "shareable",
    ipcMode: parseNamespace(flags.ipc === "shareable" ? "private" : flags.ipc, "ipc", caller),
    utsMode: parseNamespace(flags.uts, "uts", caller),
    cgroupMode: parseNamespace(flags.cgroupns, "cgroup", caller),
    cgroups: parseCgroups(flags.cgroups),
    ...(flags["cgroup-parent"] ? { cgroupParent: flags["cgroup-parent"] } : {}),
  };
}

function parseSecurityOptions(given: readonly string[], caller: CallerFacts): SecurityConfig {
  let seccomp: string | undefined;
  let noNewPrivileges = false;
  const mask: string[] = [];
  const unmask: string[] = [];
  for (const option of given) {
    const [key, value] = cut(option, option.includes("=") ? "=" : ":");
    if (value === undefined && key !== "no-new-privileges")
      throw invalid(`invalid --security-opt 1: ${JSON.stringify(option)}`);
    switch (key) {
      case "seccomp":
        seccomp = checkSeccomp(value ?? "", caller);
        break;
      case "no-new-privileges":
        noNewPrivileges = parseOptionSwitch(option, value);
        break;
      case "mask":
        mask.push(...(value ?? "").split(":"));
        break;
      case "unmask":
        unmask.push(...(value ?? "").split(":"));
        break;
      case "systempaths":
        if (value !== "unconfined")
          throw invalid(`invalid systempaths option ${JSON.stringify(value)}, only \`unconfined\` is supported`);
        unmask.push("ALL");
        break;
      default:
        checkLabelling(option, key, value);
    }
  }
  return { seccomp, noNewPrivileges, mask, unmask, given };
}

/** The label with which an image brings a seccomp profile. */
export const seccompLabel = "io.containers.seccomp.profile";

/** @throws {DhowError} `invalid-argument` with podman's words. */
function applyPolicy(policy: string, security: SecurityConfig, { Labels = {} }: ContainerDefaults): SecurityConfig {
  if (policy === "" || policy === "default") return security;
  if (policy !== "image") {
    throw invalid(`invalid seccomp policy ${JSON.stringify(policy)}: valid policies are ["default" "image"]`);
  }
  if (!Labels[seccompLabel]) throw invalid("no seccomp policy defined by image", `it has no label ${seccompLabel}`);
  return { ...security, seccomp: undefined, seccompOfImage: true };
}

/** SELinux and AppArmor confinement need root to set up: only turning them off is possible. */
function checkLabelling(option: string, key: string, value: string | undefined): void {
  if (key === "label" && value === "disable") return;
  if (key === "apparmor" && value === "unconfined") return;
  if (key === "label" || key === "apparmor" || key === "proc-opts") {
    throw unsupported(`--security-opt ${option} is not supported yet`);
  }
  throw invalid(`invalid --security-opt 2: ${JSON.stringify(option)}`);
}

function parseOptionSwitch(option: string, value: string | undefined): boolean {
  const on = value === undefined ? true : parseBoolean(value);
  if (on === undefined) throw invalid(`invalid --security-opt 2: ${JSON.stringify(option)}`);
  return on;
}

function checkSeccomp(value: string, caller: CallerFacts): string | undefined {
  if (value === "unconfined") return value;
  if (value === "" || value === "default") return undefined;
  const path = absolutePath(value, caller.cwd);
  if (caller.pathKind(path) !== "file")
    throw invalid(`opening seccomp profile failed: open ${value}: no such file or directory`);
  return path;
}

const limitNames = [
  "core",
  "cpu",
  "data",
  "fsize",
  "locks",
  "memlock",
  "msgqueue",
  "nice",
  "nofile",
  "nproc",
  "rss",
  "rtprio",
  "rttime",
  "sigpending",
  "stack",
];

/** `name=soft[:hard]`; `host` alone keeps all limits of the caller, written as a limit of that name. */
/** @throws {DhowError} `invalid-argument` with podman's words. */
export function parseUlimits(given: readonly string[]): Ulimit[] {
  if (given.includes("host")) return [{ name: "host", soft: -1, hard: -1 }];
  return given.map((text) => {
    const option = text.toLowerCase().replace(/^rlimit_/, "");
    const fail = (reason: string) =>
      invalid(`ulimit option ${JSON.stringify(option)} requires name=SOFT:HARD, failed to be parsed: ${reason}`);
    const [name, values] = cut(option, "=");
    if (values === undefined) throw fail(`invalid ulimit argument: ${option}`);
    if (!limitNames.includes(name)) throw fail(`invalid ulimit type: ${name}`);
    const [soft, hard = soft, ...more] = values
      .split(":")
      .map((number) => (/^-?\d+$/.test(number) ? Number(number) : Number.NaN));
    if (
      soft === undefined ||
      hard === undefined ||
      Number.isNaN(soft + hard) ||
      more.length > 0 ||
      soft < -1 ||
      hard < -1
    ) {
      throw fail(`invalid ulimit value: ${values}`);
    }
    if (hard !== -1 && (soft > hard || soft === -1)) {
      throw fail(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
    }
    return { name, soft, hard };
  });
}

const namespacedKernelValues = ["msgmax", "msgmnb", "msgmni", "sem", "shmall", "shmmax", "shmmni", "shm_rmid_forced"];

function parseSysctls(given: readonly string[]): Record<string, string> {
  const sysctls: Record<string, string> = {};
  for (const entry of given) {
    const [name, value] = cut(entry, "=");
    if (value === undefined) throw invalid(`${entry} is invalid, sysctl values must be in the form of KEY=VALUE`);
    if (name !== name.trim() || value !== value.trim()) {
      throw invalid(`'${entry}' is invalid, extra spaces found`);
    }
    const allowed =
      name.startsWith("net.") ||
      name.startsWith("fs.mqueue.") ||
      namespacedKernelValues.some((known) => name === `kernel.${known}`);
    if (!allowed) throw invalid(`sysctl '${name}' is not allowed`);
    sysctls[name] = value;
  }
  return sysctls;
}

function checkOomScore(score: number | undefined): number | undefined {
  if (score !== undefined && (!Number.isInteger(score) || Math.abs(score) > 1000)) {
    throw invalid(`invalid value ${score} for --oom-score-adj: must be between -1000 and 1000`);
  }
  return score;
}

function parseNamespace(
  text: string | undefined,
  type: "pid" | "ipc" | "uts" | "cgroup",
  caller: CallerFacts,
): NamespaceMode {
  const ofPod = podNamespace(text, type, caller);
  if (ofPod) return ofPod;
  if (text === undefined || text === "" || text === "private") return { mode: "private" };
  if (text === "host") return { mode: "host" };
  const [kind, name] = cut(text, ":");
  if (kind === "container") {
    if (!name) throw invalid("namespace mode container requires a value");
    return { mode: "container", id: caller.resolveContainer(name) };
  }
  if (kind === "ns" || text === "none")
    throw unsupported(`namespace mode ${JSON.stringify(text)} is not supported yet`);
  throw invalid(`unrecognized namespace mode ${text} passed`);
}

function parseCgroups(text: string): ContainerConfig["cgroups"] {
  if (text === "enabled" || text === "disabled" || text === "no-conmon") return text;
  if (text === "split") throw unsupported("--cgroups split is not supported yet");
  throw invalid(`invalid cgroup mode ${JSON.stringify(text)}: must be enabled, disabled or no-conmon`);
}
