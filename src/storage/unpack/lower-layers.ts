import { constants, copyFileSync, lstatSync, type Stats } from "node:fs";
import { libc } from "../../system/libc.ts";
import { type BytePath, fromSystemPath, toSystemPath } from "./byte-path.ts";
import type { Metadata } from "./metadata.ts";
import type { Timestamp } from "./tar-header.ts";
import { isWhiteoutDevice } from "./whiteouts.ts";

/** Something in the layers below. */
export interface LowerEntry {
  readonly path: BytePath;
  readonly stats: Stats;
}

export interface LowerLayers {
  /** What an overlay of the layers below would show at a path; links on the way are not followed. */
  find(real: BytePath): LowerEntry | undefined;
}

/** @param directories Unpacked trees with overlay whiteouts, top first. */
export function createLowerLayers(directories: readonly string[]): LowerLayers {
  return {
    find(real) {
      for (const directory of directories) {
        const found = lookUp(fromSystemPath(directory), real);
        if (found !== "below") return found;
      }
      return undefined;
    },
  };
}

/** Looks into one layer: `below` if it says nothing about the path, undefined if it says that there is nothing. */
function lookUp(root: BytePath, real: BytePath): LowerEntry | "below" | undefined {
  let path = root;
  let isOpaque = false;
  let stats: Stats | undefined;
  for (const part of real.split("/")) {
    if (stats && !stats.isDirectory()) return undefined;
    isOpaque ||= stats !== undefined && isMarkedOpaque(path);
    path = `${path}/${part}`;
    stats = lstatSync(toSystemPath(path), { throwIfNoEntry: false });
    if (!stats) return isOpaque ? undefined : "below";
  }
  return stats && !isWhiteoutDevice(stats) ? { path, stats } : undefined;
}

function isMarkedOpaque(path: BytePath): boolean {
  return libc().getXattr(toSystemPath(path), "user.overlay.opaque")?.toString() === "y";
}

/** What an entry of a layer below looks like, without its attributes. */
export function lowerMetadata(real: BytePath, { stats }: LowerEntry): Metadata {
  return {
    real,
    mode: stats.mode & 0o7777,
    owner: { uid: stats.uid, gid: stats.gid, isSquashed: false },
    mayDiffer: true,
    mtime: timestampOf(stats.mtimeMs),
    xattrs: new Map(),
  };
}

function timestampOf(milliseconds: number): Timestamp {
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanoseconds: Math.floor((milliseconds - seconds * 1000) * 1e6) };
}

/**
 * Copies the content of a regular file up, as an overlay does before it makes a hard link to it.
 * @returns The attributes of the original.
 */
export function copyUp({ path }: LowerEntry, target: BytePath): ReadonlyMap<string, Buffer> {
  copyFileSync(toSystemPath(path), toSystemPath(target), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  const xattrs = new Map<string, Buffer>();
  for (const name of libc().listXattrs(toSystemPath(path))) {
    const value = libc().getXattr(toSystemPath(path), name);
    if (value) xattrs.set(name, value);
  }
  return xattrs;
}
