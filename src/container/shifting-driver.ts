import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { fuseOverlayfsDriver } from "../storage/fuse-overlayfs.ts";
import type { IdShift, RootfsDriver } from "../storage/rootfs.ts";
import { findProgram } from "../system/process.ts";

/**
 * Other owners than on disk are shown by fuse-overlayfs, whatever driver there is else: nothing is copied.
 * @throws {DhowError} `unavailable`.
 */
export function driverFor({ rootfs }: Pick<Engine, "rootfs">, shift: IdShift | undefined): RootfsDriver {
  if (shift === undefined) return rootfs;
  const isPossible = rootfs.name !== "vfs" && findProgram("fuse-overlayfs") !== undefined;
  if (isPossible) return fuseOverlayfsDriver;
  throw new DhowError("a user namespace with ids of its own needs fuse-overlayfs, which cannot be used here", {
    kind: "unavailable",
    hint: "install the package fuse-overlayfs, and see that you may open /dev/fuse; 'dhow doctor' tells more",
  });
}
