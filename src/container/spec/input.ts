import type { ContainerConfig } from "../../model/container-config.ts";
import type { Resources } from "../../model/resources.ts";
import type { CdiEdits } from "../../oci/cdi.ts";
import type { MountSpec } from "../../oci/runtime-spec.ts";
import type { HostFacts } from "./host-facts.ts";
import type { ResolvedUser } from "./user.ts";
import type { UserDatabase } from "./user-database.ts";

/** Where a container's network is; the same shape as the network plan's `namespace`. */
export type NetworkPlace =
  | { readonly kind: "host" }
  | { readonly kind: "new" }
  | { readonly kind: "path"; readonly path: string };

/** Files of the host that appear in the container; undefined leaves the image's own. */
export interface GeneratedFiles {
  readonly hosts: string | undefined;
  readonly resolvConf: string | undefined;
  readonly hostname: string | undefined;
  readonly containerenv: string | undefined;
  /** A zone file, for --tz. */
  readonly localtime: string | undefined;
}

/** Namespaces of other containers, for the modes `container`: paths as /proc/PID/ns/ipc. */
export interface JoinedNamespaces {
  readonly pid?: string;
  readonly ipc?: string;
  readonly uts?: string;
  readonly cgroup?: string;
  readonly user?: string;
}

/** All that a container's runtime spec is made from. */
export interface SpecInput {
  readonly containerId: string;
  readonly config: ContainerConfig;
  /** Where the root filesystem is mounted. */
  readonly rootfsPath: string;
  readonly user: ResolvedUser;
  readonly network: NetworkPlace;
  readonly joined: JoinedNamespaces;
  readonly files: GeneratedFiles;
  /** Files of the host in place of the image's user database. */
  readonly userDatabase: UserDatabase;
  /** Host paths of the mounts that had to be prepared, by destination. */
  readonly mountSources: ReadonlyMap<string, string>;
  /** Host paths of bind mounts that are no directories: nothing can be mounted below them. */
  readonly mountedFiles: ReadonlySet<string>;
  /** What the container gets of its secrets. */
  readonly secrets: { readonly mounts: readonly MountSpec[]; readonly env: readonly string[] };
  /** Where the /dev/shm is mounted that this container shares with others; undefined for one of its own. */
  readonly sharedMemory: string | undefined;
  /** What vendors' devices need. */
  readonly deviceEdits: CdiEdits;
  /** The init program on the host, for --init. */
  readonly initBinary: string | undefined;
  /** Text of the user's seccomp profile, if `config.security.seccomp` names a file. */
  readonly seccompProfile: string | undefined;
  /** Path of the container's cgroup for the runtime; undefined when the runtime makes none. */
  readonly cgroupsPath: string | undefined;
  /** Limits, as far as they can be kept. */
  readonly limits: Resources | undefined;
  /** Device nodes of the host that --privileged shows; empty otherwise. */
  readonly hostDevices: readonly string[];
  readonly host: HostFacts;
}
