import type { IdRange } from "../model/id-ranges.ts";
import type { PackSource } from "./pack/pack-tree.ts";

/** How a container's root filesystem is put together from layers. */
export type DriverName = "overlay" | "fuse-overlayfs" | "vfs";

/** The ids that files have on disk (`containerId`), and those that they are shown with (`hostId`). */
export interface IdShift {
  readonly uids: readonly IdRange[];
  readonly gids: readonly IdRange[];
}

export interface RootfsRequest {
  /** Unpacked layers, top first, absolute paths. */
  readonly layers: readonly string[];
  /** The container's own folder: holds `diff` (upper), `work`, and for vfs the copy. Absolute. */
  readonly containerDirectory: string;
  /** Where the root filesystem shall appear. Absolute. */
  readonly target: string;
  /** No upper layer: the mount shows the image as it is, and the container's folder stays unused. */
  readonly readOnly?: boolean;
  /** The changes need not survive a crash of the machine (containers with --rm): syncs are skipped. */
  readonly volatile?: boolean;
  /** Shows files with other owners than they have on disk. Only fuse-overlayfs can. */
  readonly shift?: IdShift | undefined;
}

/** What to run, in this order, to mount. Batched into one sh script with other set-up, so that a start spawns few programs. */
export interface MountPlan {
  readonly commands: readonly (readonly [string, ...string[]])[];
  /** Working directory for all the commands (short relative layer paths keep the options below one page). */
  readonly cwd: string;
}

export interface RootfsDriver {
  readonly name: DriverName;
  /** Creates what the mount needs on disk (upper, work, target folders; for vfs the copy) and returns the commands. */
  prepare(request: RootfsRequest): MountPlan;
  /** Where the container's changes to its layers are, mounted or not, for making a layer of them. */
  changesOf(request: Pick<RootfsRequest, "layers" | "containerDirectory">): PackSource;
  isMounted(target: string): boolean;
  /** Unmounts and removes nothing else. Idempotent; lazy when busy. */
  unmount(target: string): void;
}
