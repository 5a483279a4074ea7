import { type BigIntStats, closeSync, constants, lstatSync, openSync, readdirSync, type Stats } from "node:fs";
import { DhowError, errnoOf } from "../../errors.ts";
import { type BytePath, toSystemPath } from "../unpack/byte-path.ts";

/**
 * A folder that is being walked through. It is held open, and everything in it is reached through it: a container that runs may
 * rename folders and put symbolic links in their place meanwhile, which must not lead us out of the tree.
 */
export interface OpenFolder {
  readonly fd: number;
  /** From the root of the tree; the root is "". */
  readonly path: BytePath;
}

/** Something in a folder. `systemPath` is good for as long as the folder is open. */
export interface TreeNode {
  readonly path: BytePath;
  readonly name: BytePath;
  readonly stats: Stats;
  readonly systemPath: string | Buffer;
}

/** @throws The system's error, as ENOENT, ENOTDIR, and ELOOP for a symbolic link. */
export function openRoot(directory: string): OpenFolder {
  return { fd: openFolder(directory), path: "" };
}

/** Opens a folder that was found; undefined if it has gone, or is none any more. */
export function openNode(node: TreeNode): OpenFolder | undefined {
  try {
    return { fd: openFolder(node.systemPath), path: node.path };
  } catch (error) {
    const code = errnoOf(error) ?? "";
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(code)) return undefined;
    if (code === "EMFILE") {
      throw new DhowError("cannot read the tree: its folders are nested too deeply", {
        kind: "unsupported",
        cause: error,
      });
    }
    throw error;
  }
}

export function closeFolder({ fd }: OpenFolder): void {
  closeSync(fd);
}

/** What is in a folder, ordered by the bytes of the names. What goes away meanwhile is left out. */
export function* readFolder(folder: OpenFolder): Generator<TreeNode, void> {
  for (const name of readdirSync(`/proc/self/fd/${folder.fd}`, { encoding: "latin1" }).sort()) {
    const node = findIn(folder, name);
    if (node) yield node;
  }
}

/** @param name One part of a path. */
export function findIn(folder: OpenFolder, name: BytePath): TreeNode | undefined {
  const systemPath = pathIn(folder, name);
  const stats = lstatSync(systemPath, { throwIfNoEntry: false });
  return stats && { path: folder.path === "" ? name : `${folder.path}/${name}`, name, stats, systemPath };
}

/**
 * Tells apart what numbers in a Stats cannot: an inode number of an overlay may have more than 53 bits.
 * Undefined if it has gone.
 */
export function identityOf({ systemPath }: TreeNode): string | undefined {
  const stats: BigIntStats | undefined = lstatSync(systemPath, { bigint: true, throwIfNoEntry: false });
  return stats && `${stats.dev}:${stats.ino}`;
}

function pathIn({ fd }: OpenFolder, name: BytePath): string | Buffer {
  return toSystemPath(`/proc/self/fd/${fd}/${name}`);
}

function openFolder(path: string | Buffer): number {
  return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}
