import type { ContainerConfig } from "./container-config.ts";
import type { Resources } from "./resources.ts";

/** A kind of namespace that the containers of a pod can have in common. */
export type SharedNamespace = "cgroup" | "ipc" | "net" | "pid" | "user" | "uts";

/** What becomes of a pod when its last container has ended: the infra container runs on, or is stopped. */
export type ExitPolicy = "continue" | "stop";

/** What was asked for when a pod was made. Stored as JSON in the pod's record. */
export interface PodConfig {
  readonly labels: Readonly<Record<string, string>>;
  /** "" if none was given: the pod's name then. */
  readonly hostname: string;
  /** Those of the infra container that the others join. */
  readonly shares: readonly SharedNamespace[];
  /** Hex id of the infra container; undefined for a pod without one. */
  readonly infraId: string | undefined;
  readonly exitPolicy: ExitPolicy;
  /** Of containers that have none of their own. */
  readonly restart: ContainerConfig["restart"];
  /** Whether the containers' cgroups lie in one of the pod's. */
  readonly sharesParent: boolean;
  /** Limits of all the pod's containers together; undefined without any. */
  readonly resources?: Resources;
  /** The command line that made the pod, for `inspect`. */
  readonly createCommand: readonly string[];
}

/**
 * What a container is in its pod. Init containers run to their end before the others start; those of kind `init-once`
 * are removed then.
 */
export interface PodMembership {
  /** Hex id of the pod. */
  readonly id: string;
  readonly role: "infra" | "member" | "init-always" | "init-once";
  /** Whether its cgroup lies in one of the pod's. */
  readonly sharesCgroup?: boolean;
}
