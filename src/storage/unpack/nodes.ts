import { linkSync, lstatSync, symlinkSync } from "node:fs";
import { errnoOf } from "../../errors.ts";
import { libc } from "../../system/libc.ts";
import { type BytePath, toSystemPath } from "./byte-path.ts";
import type { TarHeader } from "./tar-header.ts";
import { isWhiteoutDevice } from "./whiteouts.ts";

/** Where an entry goes. */
export interface Place {
  /** Absolute, without symbolic links before the last part. */
  readonly path: BytePath;
  /** The same from the root of the tree. */
  readonly real: BytePath;
  /** Removes what is there. */
  readonly clear: () => void;
}

export function makeSymlink({ path, clear }: Place, target: BytePath): void {
  replacing(clear, () => symlinkSync(toSystemPath(target), toSystemPath(path)));
}

/** Returns false if there is nothing to link to: the target is missing, hidden or a directory. */
export function isHardLinkDone(target: BytePath, { path, clear }: Place): boolean {
  const stats = lstatSync(toSystemPath(target), { throwIfNoEntry: false });
  if (!stats || stats.isDirectory() || isWhiteoutDevice(stats)) return false;
  if (target === path) return true;
  try {
    // link(2) does not follow a symbolic link at the end of either path.
    replacing(clear, () => linkSync(toSystemPath(target), toSystemPath(path)));
    return true;
  } catch (error) {
    const code = errnoOf(error);
    // Replacing what was there took the target away.
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw error;
  }
}

export function makeFifo({ path, clear }: Place): void {
  replacing(clear, () => libc().mknod(toSystemPath(path), 0o010600, { major: 0, minor: 0 }));
}

/** Returns false if the process may not make devices, or if the device would be a whiteout. */
export function makeDevice({ path, clear }: Place, { type, device }: TarHeader): boolean {
  const isCharacter = type === "3";
  if (isCharacter && device.major === 0 && device.minor === 0) return false;
  try {
    replacing(clear, () => libc().mknod(toSystemPath(path), (isCharacter ? 0o020000 : 0o060000) | 0o600, device));
    return true;
  } catch (error) {
    if (errnoOf(error) === "EPERM") return false;
    throw error;
  }
}

function replacing(clear: () => void, make: () => void): void {
  try {
    make();
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    clear();
    make();
  }
}
