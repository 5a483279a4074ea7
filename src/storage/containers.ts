import type { ProcessIdentity } from "../system/clock.ts";
import type { ContainerConfig } from "../model/container-config.ts";

/** States of a container, as Podman names them. The predicates on them are in container/state.ts. */
export type ContainerState = "created" | "initialized" | "running" | "paused" | "stopping" | "exited" | "removing";

/** A container: what was asked for, and how it is now. */
export interface ContainerRecord {
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly config: ContainerConfig;
  readonly state: ContainerState;
  /** Init process and monitor of the running container; only meaningful in the boot named by `bootId`. */
  readonly init: ProcessIdentity | undefined;
  readonly monitor: ProcessIdentity | undefined;
  readonly bootId: string | undefined;
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  readonly exitCode: number | undefined;
  readonly restartCount: number;
  /** Whether the user stopped it: `always` and `unless-stopped` do not start it again then. */
  readonly stoppedByUser: boolean;
  /** What network set-up has to be taken down, as JSON of the network layer. */
  readonly networkState: unknown;
  /** Why the last start failed, or "". */
  readonly error: string;
}

/** The part of a record that changes during a container's life. */
export type ContainerChange = Partial<Omit<ContainerRecord, "id" | "createdAt" | "config">>;

export interface ContainerStore {
  list(): ContainerRecord[];
  /** By name, id, or unique id prefix. @throws {DhowError} `conflict` if a prefix fits several. */
  find(nameOrId: string): ContainerRecord | undefined;
  /** @throws {DhowError} `not-found`: podman's `no container with name or ID "X" found: no such container`. */
  get(nameOrId: string): ContainerRecord;
  /** @throws {DhowError} `already-exists`: podman's `the container name "X" is already in use by ID...`. */
  add(record: Pick<ContainerRecord, "id" | "name" | "createdAt" | "config">): ContainerRecord;
  update(id: string, change: ContainerChange): ContainerRecord;
  remove(id: string): void;
  /** `containers/ID` in the data folder: upper layer, work folder, log, config. */
  directory(id: string): string;
  /** `containers/ID` in the run folder: bundle, sockets, pid files. */
  runDirectory(id: string): string;
  /**
   * Runs `work` while no other dhow process changes this container. The lock dies with its process: kill -9 cannot leave it behind.
   */
  withLock<T>(id: string, work: () => Promise<T>): Promise<T>;
}
