/**
 * Types of the OCI runtime specification, limited to what dhow writes.
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.0.2/config.md
 */
export interface RuntimeSpec {
  readonly ociVersion: string;
  readonly process: ProcessSpec;
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly hostname?: string;
  readonly mounts: readonly MountSpec[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly linux: LinuxSpec;
  /** By the moment at which they run: `createContainer`. */
  readonly hooks?: Readonly<Record<string, readonly HookSpec[]>>;
}

export interface HookSpec {
  readonly path: string;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  /** Seconds. */
  readonly timeout?: number;
}

export interface ProcessSpec {
  readonly terminal: boolean;
  /** Of the terminal when the process begins. */
  readonly consoleSize?: { readonly height: number; readonly width: number };
  readonly user: UserSpec;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly capabilities: CapabilitiesSpec;
  readonly rlimits: readonly RlimitSpec[];
  readonly noNewPrivileges: boolean;
  readonly oomScoreAdj?: number;
}

export interface UserSpec {
  readonly uid: number;
  readonly gid: number;
  /** The number, as 0o022. */
  readonly umask?: number;
  readonly additionalGids?: readonly number[];
}

/** Sets of names as `CAP_KILL`. */
export interface CapabilitiesSpec {
  readonly bounding: readonly string[];
  readonly effective: readonly string[];
  readonly permitted: readonly string[];
  readonly inheritable: readonly string[];
  readonly ambient: readonly string[];
}

export interface RlimitSpec {
  /** As `RLIMIT_NOFILE`. */
  readonly type: string;
  readonly soft: number;
  readonly hard: number;
}

export interface MountSpec {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

export type NamespaceType = "user" | "pid" | "network" | "ipc" | "uts" | "mount" | "cgroup";

export interface NamespaceSpec {
  readonly type: NamespaceType;
  /** The namespace to join; absent for a new one. */
  readonly path?: string;
}

export interface IdMappingSpec {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
}

export interface LinuxSpec {
  readonly namespaces: readonly NamespaceSpec[];
  readonly uidMappings?: readonly IdMappingSpec[];
  readonly gidMappings?: readonly IdMappingSpec[];
  readonly cgroupsPath?: string;
  readonly personality?: { readonly domain: string };
  readonly resources?: ResourcesSpec;
  readonly sysctl: Readonly<Record<string, string>>;
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  readonly seccomp?: SeccompSpec;
}

/** Limits, by the name of their kind: `memory`, `cpu`, `pids`, `blockIO`. */
export type ResourcesSpec = Readonly<Record<string, unknown>>;

export interface SeccompSpec {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures: readonly string[];
  readonly flags?: readonly string[];
  readonly syscalls: readonly SyscallRule[];
}

export interface SyscallRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly SyscallArgument[];
}

export interface SyscallArgument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: string;
}
