import { lstatSync, readdirSync, type Stats } from "node:fs";
import { DhowError, errnoOf } from "../../errors.ts";
import { libc } from "../../system/libc.ts";
import { type BytePath, baseOf, joinPath, parentOf, showPath, toSystemPath } from "./byte-path.ts";
import type { Directory, DirectoryTree } from "./directory-tree.ts";

/**
 * How a layer says that something of the layers below is gone.
 * `overlay`: marks that kernel overlay (userxattr) and fuse-overlayfs read. `merged`: the tree holds the layers below, take it out.
 */
export type WhiteoutMode = "overlay" | "merged";

export interface Whiteouts {
  /** Acts on a whiteout entry. Only what came from below is hidden, never what this layer brings, in whatever order. */
  apply(path: BytePath): void;
  /** Notes that this layer brings something. */
  note(real: BytePath): void;
  /** Notes that a directory takes the place of something: what was below it stays hidden if that was a whiteout. */
  replaced(stats: Stats, directory: Directory): void;
  /** Whether this layer says that nothing is left of what the layers below have at a path. */
  hides(real: BytePath): boolean;
  /** Whether something that is needed as a directory may be replaced by one. */
  mayReplace(real: BytePath, stats: Stats): boolean;
}

const prefix = ".wh.";
const opaqueName = ".wh..wh..opq";
const metadataPrefix = ".wh..wh.";

/** Whether the entry is a whiteout or other bookkeeping of aufs, not a file. */
export function isWhiteoutName(path: BytePath): boolean {
  return baseOf(path).startsWith(prefix) || path.startsWith(metadataPrefix);
}

export function createWhiteouts(mode: WhiteoutMode, tree: () => DirectoryTree): Whiteouts {
  return mode === "overlay" ? overlayWhiteouts(tree) : mergedWhiteouts(tree);
}

/** @throws {DhowError} `corrupt` if what is to be hidden is no name, as in `.wh..` and `.wh...`. */
function hiddenName(path: BytePath): BytePath | undefined {
  // Such as .wh..wh.plnk and .wh..wh.aufs, and what is in them.
  if (path.startsWith(metadataPrefix)) return undefined;
  const name = baseOf(path).slice(prefix.length);
  if (name === "" || name === "." || name === "..") {
    throw new DhowError(`cannot unpack layer: whiteout ${showPath(path)} is invalid`, { kind: "corrupt" });
  }
  return name.startsWith(prefix) ? undefined : name;
}

function overlayWhiteouts(tree: () => DirectoryTree): Whiteouts {
  const made = new Set<BytePath>();
  const isBelowWhiteout = (path: BytePath): boolean =>
    made.size > 0 && path !== "" && (made.has(path) || isBelowWhiteout(parentOf(path)));
  return {
    apply(path) {
      // Some tools write `.wh.foo` and also `foo/.wh.bar`: foo stays hidden.
      if (isBelowWhiteout(parentOf(path))) return;
      if (baseOf(path) === opaqueName) return markOpaque(tree().resolve(parentOf(path)));
      const name = hiddenName(path);
      if (name === undefined) return;
      const parent = tree().resolve(parentOf(path));
      if (makeWhiteout(`${parent.path}/${name}`)) made.add(joinPath(parent.real, name));
    },
    note: () => {},
    replaced(stats, directory) {
      if (!isWhiteoutDevice(stats)) return;
      made.delete(directory.real);
      markOpaque(directory);
    },
    hides: isBelowWhiteout,
    mayReplace: (_, stats) => isWhiteoutDevice(stats),
  };
}

function markOpaque(directory: Directory): void {
  try {
    libc().setXattr(toSystemPath(directory.path), "user.overlay.opaque", Buffer.from("y"));
  } catch (cause) {
    throw new DhowError("cannot mark a directory as opaque: the file system does not take user attributes", {
      kind: "unsupported",
      cause,
      hint: "use another file system, or --storage-driver vfs",
    });
  }
}

/** Returns whether a whiteout was made: what this layer itself has there stays, and only hides what is below. */
function makeWhiteout(path: BytePath): boolean {
  const systemPath = toSystemPath(path);
  try {
    libc().mknod(systemPath, 0o020000, { major: 0, minor: 0 });
    return true;
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    if (lstatSync(systemPath).isDirectory()) markOpaque({ path, real: "", isSetgid: false });
    return false;
  }
}

export function isWhiteoutDevice(stats: Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0;
}

function mergedWhiteouts(tree: () => DirectoryTree): Whiteouts {
  const brought = new Set<BytePath>();
  const hide = (parent: Directory, name: BytePath) => {
    const real = joinPath(parent.real, name);
    const stats = lstatSync(toSystemPath(`${parent.path}/${name}`), { throwIfNoEntry: false });
    if (!stats) return;
    if (!brought.has(real)) tree().remove(parent, name);
    else if (stats.isDirectory()) hideAll({ real, path: `${parent.path}/${name}`, isSetgid: false });
  };
  const hideAll = (directory: Directory) => {
    const names = readdirSync(toSystemPath(directory.path), { encoding: "latin1" });
    for (const name of names) hide(directory, name);
  };
  return {
    apply(path) {
      const isOpaque = baseOf(path) === opaqueName;
      const name = isOpaque ? "" : hiddenName(path);
      if (name === undefined) return;
      const parent = tree().find(parentOf(path));
      if (!parent) return;
      if (isOpaque) hideAll(parent);
      else hide(parent, name);
    },
    note(real) {
      for (let path = real; path !== "" && !brought.has(path); path = parentOf(path)) brought.add(path);
    },
    replaced: () => {},
    hides: () => false,
    mayReplace: (real) => !brought.has(real),
  };
}
