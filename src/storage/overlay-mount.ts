import { DhowError } from "../errors.ts";
import { libc, SystemCallError } from "../system/libc.ts";
import { runProgram } from "../system/process.ts";
import type { DriverName } from "./rootfs.ts";

export interface OverlayRequest {
  /** Absolute paths of directories, whatever is in their names. */
  readonly lower: string;
  readonly upper: string;
  readonly work: string;
  readonly target: string;
}

/**
 * Puts an overlay on a directory of the host, by the means that the storage driver has.
 * @throws {DhowError} `unavailable` if the kernel refuses it; `unsupported` with the driver vfs, which has none.
 */
export function mountOverlay(driver: DriverName, { lower, upper, work, target }: OverlayRequest): void {
  const data = `lowerdir=${escapePath(lower)},upperdir=${escapePath(upper)},workdir=${escapePath(work)}`;
  if (driver === "vfs") {
    throw new DhowError("overlay mounts are not possible with the storage driver vfs", { kind: "unsupported" });
  }
  if (driver === "fuse-overlayfs") {
    runProgram(["fuse-overlayfs", "-o", data, target]);
    return;
  }
  try {
    // mount(8) would take commas and quotes in names for its own.
    libc().mount({ source: "overlay", target, type: "overlay", flags: 0, data: `userxattr,${data}` });
  } catch (cause) {
    if (!(cause instanceof SystemCallError)) throw cause;
    throw new DhowError(`cannot mount an overlay on ${lower}`, {
      kind: "unavailable",
      cause,
      hint: "the upper and the work folder must be on one file system, which keeps extended attributes, and not below one another",
    });
  }
}

function escapePath(path: string): string {
  return path.replaceAll(/[\\,:]/g, (character) => `\\${character}`);
}
