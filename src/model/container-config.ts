import type { ContainerDefaults } from "../oci/image.ts";
import type { HealthConfig } from "./health.ts";
import type { IdRange } from "./id-ranges.ts";
import type { NetworkAttachment } from "./network.ts";
import type { PodMembership } from "./pod-config.ts";
import type { Resources } from "./resources.ts";

/**
 * What was asked for when a container was created, with all defaults filled in: everything that is needed to build its
 * runtime spec again at every start. Stored as JSON in the container's record.
 */
export interface ContainerConfig {
  /** Fully qualified reference or id that the user gave, for `ps` and `inspect`. */
  readonly imageName: string;
  /** Hex image id; "" for a container without an image: one of --rootfs, or one whose root filesystem begins empty. */
  readonly imageId: string;
  /** In place of an image. */
  readonly rootfs?: RootfsConfig;
  /** Entrypoint and command, joined: the argument vector of the process. */
  readonly argv: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** `NAME=value`, image's and user's merged. */
  readonly env: readonly string[];
  /** `user[:group]` by name or number as given; resolved against the root filesystem at start. "" is root. */
  readonly user: string;
  readonly groupAdd: readonly string[];
  readonly workdir: string;
  /** The user named the working directory: one that does not exist is a mistake. */
  readonly workdirMustExist?: true;
  readonly hostname: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly terminal: boolean;
  /** Keeps stdin open (-i). */
  readonly stdin: boolean;
  /** Undefined unless the container is prepared for a systemd in it. */
  readonly systemd?: SystemdConfig;
  readonly init: boolean;
  /** The user's --init-path; undefined for catatonit. */
  readonly initPath: string | undefined;
  readonly readOnly: boolean;
  /** Whether a read-only container gets writable tmpfs at /run, /tmp and the like. */
  readonly readOnlyTmpfs: boolean;
  readonly privileged: boolean;
  readonly mounts: readonly MountConfig[];
  readonly secrets: readonly SecretConfig[];
  /** The values of --volumes-from, for `inspect`. */
  readonly volumesFrom: readonly string[];
  readonly network: NetworkConfig;
  readonly userns: UserNamespaceConfig;
  /** How the container's user database is completed. */
  readonly passwd: PasswdConfig;
  readonly pidMode: NamespaceMode;
  readonly ipcMode: NamespaceMode;
  /** Whether others may join its IPC namespace and /dev/shm, which is then mounted where they find it. */
  readonly ipcShareable: boolean;
  readonly utsMode: NamespaceMode;
  readonly cgroupMode: NamespaceMode;
  /** --cgroups: whether the runtime makes cgroups for the container. */
  readonly cgroups: "enabled" | "disabled" | "no-conmon";
  /** As --cgroup-parent has it. */
  readonly cgroupParent?: string;
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly security: SecurityConfig;
  readonly ulimits: readonly Ulimit[];
  readonly sysctls: Readonly<Record<string, string>>;
  /** `source[:destination][:permissions]` as given, checked. */
  readonly devices: readonly string[];
  /** Devices of vendors, as `vendor.com/class=name`; looked up at each start. */
  readonly cdiDevices?: readonly string[];
  readonly oomScoreAdj: number | undefined;
  readonly shmSizeBytes: number;
  /** Absolute paths in the container that get its hosts, resolv.conf and the like as its root does. */
  readonly chrootDirs?: readonly string[];
  /** Execution domain of its programs. */
  readonly personality?: "LINUX" | "LINUX32";
  /** Undefined for a container that is in no pod. */
  readonly pod?: PodMembership;
  /** Hex ids of containers that are started before this one. */
  readonly requires?: readonly string[];
  /** Four octal digits. */
  readonly umask: string;
  /** `Area/City`, `local`, or undefined to leave the image's. */
  readonly timezone: string | undefined;
  /** As `SIGTERM`. */
  readonly stopSignal: string;
  readonly stopTimeoutSeconds: number;
  /** The container is killed after that long; 0 is never. */
  readonly timeoutSeconds: number;
  readonly autoRemove: boolean;
  readonly restart: { readonly policy: "no" | "on-failure" | "always" | "unless-stopped"; readonly maxRetries: number };
  readonly log: LogConfig;
  /** Undefined without limits. */
  readonly resources?: Resources;
  /** Undefined without a health check. */
  readonly health: HealthConfig | undefined;
  /** The OCI runtime that the user chose for it, by name or path; undefined for the usual one. */
  readonly runtime?: string;
  readonly detachKeys: string;
  /** Absolute paths of files that get the pid of the container's process and of its monitor at each start. */
  readonly pidFile: string | undefined;
  /** Absolute path of the file that holds the container's id; it goes with the container. */
  readonly cidFile?: string;
  readonly conmonPidFile: string | undefined;
  /** Ports the image exposes and the user named: `80/tcp`. */
  readonly exposedPorts: readonly string[];
  /** The image's defaults, as they were. */
  readonly imageDefaults: ContainerDefaults;
  /** The command line that created the container, for `inspect`. */
  readonly createCommand: readonly string[];
}

export interface RootfsConfig {
  /** Absolute path of a folder of the host. */
  readonly path: string;
  /** What the container writes stays in a folder of its own, which is emptied when it ends. */
  readonly overlay: boolean;
}

export interface SystemdConfig {
  /** Of each tmpfs that it gets; undefined for what the kernel gives. */
  readonly tmpfsSizeBytes?: number;
}

export interface LogConfig {
  /** `json-file` is another name for `k8s-file`, as in podman. */
  readonly driver: "k8s-file" | "json-file" | "journald" | "none" | "passthrough";
  readonly maxSizeBytes: number | undefined;
  /** Absolute; undefined for the container's own folder. */
  readonly path: string | undefined;
  /** Of a journal's entries. */
  readonly tag?: string | undefined;
}

/** Whose ids the container has: those of the user's namespace, its own, or those of another namespace that it joins. */
export type UserNamespaceConfig =
  | { readonly mode: "host" }
  | {
      readonly mode: "private";
      readonly kind: "keep-id" | "auto" | "nomap" | "mapped";
      readonly uids: readonly IdRange[];
      readonly gids: readonly IdRange[];
      /** Of keep-id: what the user is in the container. */
      readonly user?: { readonly uid: number; readonly gid: number };
      /** Of auto, until the ids are chosen. */
      readonly request?: AutoRequest;
    }
  | {
      readonly mode: "joined";
      /** One of the two. */
      readonly containerId?: string;
      readonly path?: string;
      readonly uids: readonly IdRange[];
      readonly gids: readonly IdRange[];
    };

export interface AutoRequest {
  readonly size?: number;
  /** What must be mapped as it is said here. */
  readonly uids: readonly IdRange[];
  readonly gids: readonly IdRange[];
}

export interface PasswdConfig {
  /** False leaves the image's files alone. */
  readonly enabled: boolean;
  /** Lines with $USERNAME, $UID and the like. */
  readonly passwdEntry: string | undefined;
  readonly groupEntry: string | undefined;
  /** Lines of the host's database. */
  readonly hostUsers: readonly string[];
}

export interface SecretConfig {
  readonly name: string;
  /** Filled in when the container is made. */
  readonly id: string;
  readonly kind: "mount" | "env";
  /** Path, relative to /run/secrets, "" for the name; or the variable. */
  readonly target: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

export type MountType = "bind" | "tmpfs" | "ramfs" | "devpts" | "volume" | "image";

export interface MountConfig {
  readonly type: MountType;
  /**
   * Host path of a bind mount, name of a volume (undefined for one that is made with the container), name of an image;
   * undefined for file systems without one.
   */
  readonly source: string | undefined;
  readonly destination: string;
  /** For the runtime. */
  readonly options: readonly string[];
  /** The part of a volume or image that is mounted. Links in it cannot lead out of it. */
  readonly subpath?: string;
  /** Option O: what the container writes stays in an upper folder of its own, which goes when it ends unless it is named. */
  readonly overlay?: OverlayFolders;
  /** Option U: what is mounted is given to the container's user. */
  readonly chown?: true;
  /** A fresh volume is not filled with what the image has at its place. */
  readonly noCopy?: true;
  /** The volume is the container's own: it was made with it, without a name, and goes with it. */
  readonly anonymous?: true;
  /** What a volume is made with if there is none of that name yet. */
  readonly creation?: VolumeCreation;
  /** Whether the image asked for it (VOLUME), not the user. */
  readonly fromImage?: true;
  /** Hex id of the image of an image mount. */
  readonly imageId?: string;
  /** What is mounted below a read-only bind mount stays writable. */
  readonly writableSubmounts?: true;
}

export interface OverlayFolders {
  /** Host paths; both or none. */
  readonly upper?: string;
  readonly work?: string;
}

export interface VolumeCreation {
  /** False: it must exist. */
  readonly allowed: boolean;
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** `private`: a namespace of its own; `host`: none; `container`: that of another container (hex id). */
export type NamespaceMode = { readonly mode: "private" | "host" } | { readonly mode: "container"; readonly id: string };

export interface NetworkConfig {
  readonly mode: "none" | "host" | "pasta" | "slirp4netns" | "container" | "bridge" | "ns";
  /** Hex id, for mode `container`. */
  readonly containerId?: string;
  /** For mode `bridge`: in the order in which the container gets its interfaces; perhaps none is left. */
  readonly networks?: readonly NetworkAttachment[];
  /** For mode `ns`: a file of a network namespace. */
  readonly path?: string;
  /** Driver options behind `pasta:` or `slirp4netns:`, split at commas. */
  readonly options: readonly string[];
  readonly ports: readonly PortMapping[];
  readonly dnsServers: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOptions: readonly string[];
  /** `name:address` of --add-host. */
  readonly extraHosts: readonly string[];
  readonly noHosts: boolean;
  /** What /etc/hosts begins with: an absolute path or `none`; undefined for the host's. */
  readonly hostsFile?: string;
  /** Leaves the image's /etc/hostname alone. */
  readonly noHostname: boolean;
}

export interface PortMapping {
  /** "" is every address. */
  readonly hostIp: string;
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: "tcp" | "udp";
}

export interface SecurityConfig {
  /** A profile's absolute path, `unconfined`, or undefined for the default profile. */
  readonly seccomp: string | undefined;
  /** The profile is the one that the image carries in a label; `seccomp` is undefined then. */
  readonly seccompOfImage?: true;
  readonly noNewPrivileges: boolean;
  /** Paths that stay visible although they are masked by default; `ALL` for all. */
  readonly unmask: readonly string[];
  readonly mask: readonly string[];
  /** The --security-opt values as given, for `inspect`. */
  readonly given: readonly string[];
}

export interface Ulimit {
  /** Lower-case without prefix, as `nofile`. */
  readonly name: string;
  /** -1 is unlimited. */
  readonly soft: number;
  readonly hard: number;
}
