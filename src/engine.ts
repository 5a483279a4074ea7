import type { ArtifactStore } from "./storage/artifacts.ts";
import type { BlobStore } from "./storage/blobs.ts";
import type { BuildCache } from "./storage/build-cache.ts";
import type { ContainerStore } from "./storage/containers.ts";
import type { Database } from "./storage/database.ts";
import type { EventJournal } from "./storage/events.ts";
import type { ImageStore } from "./storage/images.ts";
import type { LayerStore } from "./storage/layers.ts";
import type { Leases } from "./storage/leases.ts";
import type { Locks } from "./storage/locks.ts";
import type { ManifestListStore } from "./storage/manifest-lists.ts";
import type { NetworkStore } from "./storage/networks.ts";
import type { PodStore } from "./storage/pods.ts";
import type { RootfsDriver } from "./storage/rootfs.ts";
import type { SecretStore } from "./storage/secrets.ts";
import type { VolumeStore } from "./storage/volumes.ts";
import type { LogLevel } from "./system/log.ts";
import type { Paths } from "./system/paths.ts";

/** Records as the fronts see them, who know the engine but not the stores. */
export type { ArtifactRecord } from "./storage/artifacts.ts";
export type { ContainerRecord } from "./storage/containers.ts";
export type { ImageRecord } from "./storage/images.ts";
export type { NetworkRecord } from "./storage/networks.ts";
export type { PodRecord } from "./storage/pods.ts";
export type { SecretRecord } from "./storage/secrets.ts";

/** The flags in front of the command, as `dhow --root DIR ps`. */
export interface GlobalOptions {
  readonly root?: string;
  readonly runroot?: string;
  readonly storageDriver?: string;
  readonly storageOpts: readonly string[];
  readonly runtime?: string;
  /** Flags of the OCI runtime, without dashes. */
  readonly runtimeFlags?: readonly string[];
  readonly conmon?: string;
  readonly cgroupManager?: string;
  /** Absolute; undefined for the usual ones. */
  readonly cdiSpecDirs?: readonly string[];
  readonly logLevel: LogLevel;
}

/** The opened stores and settings that verbs work with. Every part is opened on first use, so that a command pays only for what it needs. */
export interface Engine {
  readonly paths: Paths;
  readonly globals: GlobalOptions;
  readonly database: Database;
  /** Named locks between processes; each container's own is `containers.withLock`. */
  readonly locks: Locks;
  readonly leases: Leases;
  readonly blobs: BlobStore;
  readonly layers: LayerStore;
  readonly images: ImageStore;
  readonly manifestLists: ManifestListStore;
  readonly artifacts: ArtifactStore;
  readonly containers: ContainerStore;
  readonly pods: PodStore;
  readonly volumes: VolumeStore;
  readonly secrets: SecretStore;
  readonly networks: NetworkStore;
  readonly buildCache: BuildCache;
  /** What happened: every verb that changes something notes it there. */
  readonly events: EventJournal;
  /** Chosen by probing once per machine and data folder, or by --storage-driver. */
  readonly rootfs: RootfsDriver;
  warn(message: string): void;
}
