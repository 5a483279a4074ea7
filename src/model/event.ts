/** What events are about. */
export type EventType = "artifact" | "container" | "image" | "network" | "pod" | "secret" | "system" | "volume";

/** Something that happened to an object of dhow's, in Podman's words. */
export interface EventDetails {
  readonly type: EventType;
  /** As `create`, `start`, `died`, `remove`, `pull`, `untag`. */
  readonly status: string;
  /** Of the object; "" for what has only a name. */
  readonly id: string;
  readonly name: string;
  /** Of a container: the image that it was made from. */
  readonly image?: string | undefined;
  /** Of a container that died or of a process of `exec` that ended. */
  readonly exitCode?: number | undefined;
  readonly outOfMemory?: boolean | undefined;
  /** Of a container: the pod that it belongs to. */
  readonly podId?: string | undefined;
  readonly network?: string | undefined;
  /** `starting`, `healthy` or `unhealthy`. */
  readonly health?: string | undefined;
  /** Why it failed, as for `pull-error`. */
  readonly error?: string | undefined;
  /** A container's labels and what else is known of the object. */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

export interface Event extends EventDetails {
  /** Nanoseconds since 1970. */
  readonly timeNs: bigint;
}
