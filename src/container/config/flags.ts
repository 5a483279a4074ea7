import type { MountConfig, UserNamespaceConfig } from "../../model/container-config.ts";
import type { IdRange } from "../../model/id-ranges.ts";
import type { JoinedPod } from "./pod.ts";

/**
 * The flags of run and create that make up a container's configuration, by long name, as the command line's tables parse
 * them: arrays hold each occurrence as given, absent strings are undefined.
 */
export interface ProcessFlags {
  readonly entrypoint: string | undefined;
  readonly env: readonly string[];
  readonly "env-file": readonly string[];
  readonly "env-host": boolean;
  readonly "env-merge": readonly string[];
  readonly "http-proxy": boolean;
  readonly unsetenv: readonly string[];
  readonly "unsetenv-all": boolean;
  readonly workdir: string | undefined;
  readonly user: string | undefined;
  readonly "group-add": readonly string[];
  readonly personality: string | undefined;
  readonly umask: string;
  readonly tz: string | undefined;
  readonly interactive: boolean;
  readonly tty: boolean;
  readonly init: boolean;
  readonly "init-path": string | undefined;
  readonly systemd: string;
  readonly "stop-signal": string | undefined;
  readonly "stop-timeout": number;
  readonly timeout: number;
}

export interface IdentityFlags {
  readonly rm: boolean;
  readonly "init-ctr": string | undefined;
  readonly requires: readonly string[];
  readonly restart: string | undefined;
  readonly label: readonly string[];
  readonly "label-file": readonly string[];
  readonly annotation: readonly string[];
  readonly pidfile: string | undefined;
  readonly "conmon-pidfile": string | undefined;
  readonly "log-driver": string;
  readonly "log-opt": readonly string[];
  readonly "detach-keys": string;
}

export interface NetworkFlags {
  readonly network: readonly string[];
  readonly publish: readonly string[];
  readonly "publish-all": boolean;
  readonly expose: readonly string[];
  readonly "network-alias": readonly string[];
  readonly ip: string | undefined;
  readonly ip6: string | undefined;
  readonly "mac-address": string | undefined;
  readonly dns: readonly string[];
  readonly "dns-option": readonly string[];
  readonly "dns-search": readonly string[];
  readonly "add-host": readonly string[];
  readonly "hosts-file": string | undefined;
  readonly "no-hosts": boolean;
  readonly "no-hostname": boolean;
  readonly hostname: string | undefined;
}

export interface MountFlags {
  readonly volume: readonly string[];
  readonly mount: readonly string[];
  readonly tmpfs: readonly string[];
  readonly "read-only": boolean;
  readonly "read-only-tmpfs": boolean;
  readonly "image-volume": string | undefined;
  readonly "volumes-from": readonly string[];
  readonly secret: readonly string[];
  readonly "shm-size": string;
  readonly "shm-size-systemd": string | undefined;
  readonly chrootdirs: readonly string[];
  readonly device: readonly string[];
  readonly gpus: readonly string[];
}

export interface SecurityFlags {
  readonly "cap-add": readonly string[];
  readonly "cap-drop": readonly string[];
  readonly privileged: boolean;
  readonly "security-opt": readonly string[];
  readonly ulimit: readonly string[];
  readonly sysctl: readonly string[];
  readonly "oom-score-adj": number | undefined;
  readonly pid: string | undefined;
  readonly ipc: string | undefined;
  readonly uts: string | undefined;
  readonly cgroupns: string | undefined;
  readonly cgroups: string;
  readonly "cgroup-parent": string | undefined;
  readonly "seccomp-policy": string;
}

export interface HealthFlags {
  readonly "health-cmd": string | undefined;
  readonly "health-interval": string;
  readonly "health-timeout": string;
  readonly "health-retries": number;
  readonly "health-start-period": string;
  readonly "health-start-interval": string;
  readonly "health-startup-cmd": string | undefined;
  readonly "health-startup-interval": string;
  readonly "health-startup-timeout": string;
  readonly "health-startup-retries": number;
  readonly "health-startup-success": number;
  readonly "health-on-failure": string;
  readonly "health-log-destination": string;
  readonly "health-max-log-count": number;
  readonly "health-max-log-size": number;
  readonly "no-healthcheck": boolean;
}

export interface ResourceFlags {
  readonly memory: string | undefined;
  readonly "memory-reservation": string | undefined;
  readonly "memory-swap": string | undefined;
  readonly cpus: number | undefined;
  readonly "cpu-period": number | undefined;
  readonly "cpu-quota": number | undefined;
  readonly "cpu-shares": number | undefined;
  readonly "cpuset-cpus": string | undefined;
  readonly "cpuset-mems": string | undefined;
  readonly "pids-limit": number | undefined;
  readonly "blkio-weight": number | undefined;
  readonly "blkio-weight-device": readonly string[];
  readonly "device-read-bps": readonly string[];
  readonly "device-read-iops": readonly string[];
  readonly "device-write-bps": readonly string[];
  readonly "device-write-iops": readonly string[];
  readonly "cgroup-conf": readonly string[];
}

export interface UserFlags {
  readonly userns: string | undefined;
  readonly uidmap: readonly string[];
  readonly gidmap: readonly string[];
  readonly subuidname: string | undefined;
  readonly subgidname: string | undefined;
  readonly passwd: boolean;
  readonly "passwd-entry": string | undefined;
  readonly "group-entry": string | undefined;
  readonly hostuser: readonly string[];
}

export interface ContainerFlags
  extends ProcessFlags,
    ResourceFlags,
    UserFlags,
    IdentityFlags,
    NetworkFlags,
    MountFlags,
    SecurityFlags,
    HealthFlags {}

export interface ConfiguredDefaults {
  /** For --userns. */
  readonly userns?: string | undefined;
  /** For --image-volume. */
  readonly imageVolumeMode?: string | undefined;
  /** The driver that stands for --network private. */
  readonly rootlessNetwork?: string | undefined;
  /** They come before those of --network pasta:OPTIONS. */
  readonly pastaOptions?: readonly string[] | undefined;
  /** For --read-only, --ulimit and --oom-score-adj. */
  readonly readOnly?: boolean | undefined;
  readonly ulimits?: readonly string[] | undefined;
  readonly oomScoreAdj?: number | undefined;
}

/** What flags mean depends on the machine and the caller; tests give other ones. */
export interface CallerFacts {
  /** The pod that the container joins. */
  readonly pod?: JoinedPod | undefined;
  /** The caller's working directory, absolute. */
  readonly cwd: string;
  /** The caller's environment, without the launcher's own variables. */
  readonly environment: Readonly<Record<string, string>>;
  /** Text of a file that a flag names, absolute path. @throws the system's error. */
  readFile(path: string): string;
  /** What is at a path of the host, following symlinks. */
  pathKind(path: string): "file" | "directory" | "device" | "absent";
  /** The path with symlinks resolved. @throws the system's error. */
  realPath(path: string): string;
  /** Absolute paths of the device nodes below a directory. */
  listDevices(directory: string): string[];
  /** The driver that stands for --network private. */
  readonly defaultNetwork: "pasta" | "slirp4netns";
  readonly hostname: string;
  /** The full name of a network by name or id. @throws {DhowError} `not-found`. */
  networkName(nameOrId: string): string;
  /** Of this process: no user can give others less. */
  readonly oomScoreAdj: number;
  /** Whether systemd's journal takes messages here. */
  hasJournal(): boolean;
  /** Tells the user something that does not stop the work. */
  warn(message: string): void;
  /** A port of the host that nobody listens on, not among `taken`. */
  pickPort(protocol: "tcp" | "udp", taken: ReadonlySet<number>): number;
  /** Hex id of another container by name or id. @throws {DhowError} `not-found`. */
  resolveContainer(nameOrId: string): string;
  /** Who the user is on the machine, and the user's own namespace: its ids, and those of the machine that they stand for. */
  readonly ids: {
    readonly uid: number;
    readonly gid: number;
    readonly uids: readonly IdRange[];
    readonly gids: readonly IdRange[];
  };
  /** The ids of a user namespace, by the path of its file. @throws {DhowError} `invalid-argument`. */
  idsOfNamespace(path: string): { readonly uids: readonly IdRange[]; readonly gids: readonly IdRange[] };
  /** What containers.conf says in place of flags. */
  readonly configured: ConfiguredDefaults;
  /** Of a container, by its id. */
  userNamespaceOf(id: string): UserNamespaceConfig;
  /** What /etc/subuid or /etc/subgid has for a name. */
  subordinateRanges(kind: "uid" | "gid", name: string): readonly { readonly start: number; readonly size: number }[];
  /** The line of a user in the host's /etc/passwd; undefined if there is none. */
  passwdLineOf(nameOrUid: string): string | undefined;
  /** The mounts of another container by name or id, for --volumes-from. @throws {DhowError} `not-found`. */
  mountsOf(nameOrId: string): readonly MountConfig[];
  /** Paths of the host that fit a pattern of the shell, absolute. */
  expandGlob(pattern: string): string[];
  /** Makes a directory of the host and its parents, for --mount bind-create-src. */
  makeDirectory(path: string): void;
  /** Of the kernel, for `--cap-add ALL` and validation: its highest capability number. */
  readonly lastCapability: number;
}
