import { DhowError } from "../errors.ts";
import { type CgroupManager, cgroupEntry } from "../rootless/cgroup.ts";
import { findProgram } from "../system/process.ts";

/** The programs that run a container, and how they are called. */
export interface RuntimeTools {
  /** Absolute path of conmon. */
  readonly conmon: string;
  /** Absolute path of the OCI runtime. */
  readonly runtime: string;
  /** `crun`, for messages and for what differs between runtimes. */
  readonly runtimeName: string;
  /** Global arguments of the runtime, but for --root. */
  readonly runtimeArguments: readonly string[];
  /** What starts a program that enters the cgroup of a running container; empty if it can do so by itself. */
  readonly cgroupEntry: readonly string[];
}

export interface ToolChoice {
  /** Name or absolute path; undefined for crun, else runc. */
  readonly runtime?: string;
  /** Global flags for it, without dashes. */
  readonly runtimeFlags?: readonly string[];
  /** Path; undefined for the one that is installed. */
  readonly conmon?: string;
  /** crun's name for it; runc knows only whether it is systemd. */
  readonly cgroupManager: CgroupManager;
}

/**
 * Finds conmon and the OCI runtime.
 * @throws {DhowError} `unavailable`, naming the package to install.
 */
export function findRuntimeTools({ runtime, runtimeFlags = [], conmon, cgroupManager }: ToolChoice): RuntimeTools {
  const path = findRuntime(runtime);
  const runtimeName = path.slice(path.lastIndexOf("/") + 1);
  return {
    conmon: conmon ?? findProgram("conmon") ?? missing("conmon"),
    runtime: path,
    runtimeName,
    runtimeArguments: [...managerArguments(runtimeName, cgroupManager), ...runtimeFlags.map((flag) => `--${flag}`)],
    cgroupEntry: cgroupEntry(cgroupManager),
  };
}

function managerArguments(runtimeName: string, manager: CgroupManager): string[] {
  if (!runtimeName.startsWith("runc")) return [`--cgroup-manager=${manager}`];
  return manager === "systemd" ? ["--systemd-cgroup"] : [];
}

function findRuntime(wanted: string | undefined): string {
  if (wanted === undefined) return findProgram("crun") ?? findProgram("runc") ?? missing("crun");
  if (wanted.startsWith("/")) return wanted;
  const found = findProgram(wanted);
  if (found === undefined) {
    throw new DhowError(`default OCI runtime "${wanted}" not found: invalid argument`, {
      kind: "invalid-argument",
      hint: "name an installed runtime, such as crun or runc, or give its absolute path",
    });
  }
  return found;
}

function missing(program: string): never {
  throw new DhowError(`cannot run containers: ${program} is not installed`, {
    kind: "unavailable",
    hint: `install the package ${program}; 'dhow doctor' shows everything that is missing`,
  });
}
