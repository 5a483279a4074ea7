import { readlinkSync, type Stats } from "node:fs";
import type { BytePath } from "../unpack/byte-path.ts";
import { type TreeItem, whiteoutPrefix } from "./tree-items.ts";
import { closeFolder, findIn, type OpenFolder, openNode, openRoot, readFolder, type TreeNode } from "./tree-walk.ts";
import { keptXattrs } from "./xattrs.ts";

export interface TreePair {
  readonly base: string;
  readonly directory: string;
  /** Takes times of whole seconds for equal to those with a fraction: layers carry none. */
  readonly ignoresFractions?: boolean;
  /** Paths that are taken for equal in both trees; what is in folders of that name is compared. */
  readonly ignored?: ReadonlySet<BytePath>;
}

/**
 * What turns one tree into another: entries for what is new or differs, with the folders that lead there, and deletions.
 * Files count as equal by size, time and the like, not by content: as `tar` and `rsync` take them.
 */
export function* readTreeChanges({ base, directory, ...options }: TreePair): Generator<TreeItem, void> {
  const [below, above] = [openRoot(base), openRoot(directory)];
  try {
    yield* compareFolders({ ignoresFractions: false, ignored: new Set(), ...options, below, above, pending: [] });
  } finally {
    closeFolder(below);
    closeFolder(above);
  }
}

interface Comparison {
  /** Undefined where the base has no folder. */
  readonly below: OpenFolder | undefined;
  readonly above: OpenFolder;
  /** Unchanged folders on the way here, which are needed as soon as anything in them is. Shared by all levels. */
  readonly pending: TreeNode[];
  readonly ignoresFractions: boolean;
  readonly ignored: ReadonlySet<BytePath>;
}

function* compareFolders(comparison: Comparison): Generator<TreeItem, void> {
  const { below, above, pending, ignored } = comparison;
  for (const node of readFolder(above)) {
    if (node.name.startsWith(whiteoutPrefix)) yield { type: "unrepresentable", path: node.path };
    else yield* compareNode(comparison, node);
  }
  if (!below) return;
  for (const { name, path } of readFolder(below)) {
    if (ignored.has(path) || findIn(above, name)) continue;
    yield* flush(pending);
    yield { type: "deleted", path };
  }
}

function* compareNode(comparison: Comparison, node: TreeNode): Generator<TreeItem, void> {
  const { below, pending, ignored, ignoresFractions } = comparison;
  const old = below && findIn(below, node.name);
  const isSame = ignored.has(node.path) || (old !== undefined && looksSame(old, node, ignoresFractions));
  if (!node.stats.isDirectory()) {
    if (!isSame) yield* flush(pending, node);
    return;
  }
  if (isSame) pending.push(node);
  else yield* flush(pending, node);
  yield* compareInside(comparison, old, node);
  if (pending.at(-1) === node) pending.pop();
}

function* compareInside(comparison: Comparison, old: TreeNode | undefined, node: TreeNode): Generator<TreeItem, void> {
  const above = openNode(node);
  if (!above) return;
  const below = old?.stats.isDirectory() ? openNode(old) : undefined;
  try {
    yield* compareFolders({ ...comparison, below, above });
  } finally {
    closeFolder(above);
    if (below) closeFolder(below);
  }
}

function* flush(pending: TreeNode[], ...more: readonly TreeNode[]): Generator<TreeItem, void> {
  for (const node of [...pending.splice(0), ...more]) yield { type: "entry", node };
}

function looksSame(old: TreeNode, node: TreeNode, ignoresFractions: boolean): boolean {
  if (!hasSameStats(old.stats, node.stats)) return false;
  // The time of a folder tells of its names alone, which are compared.
  if (!node.stats.isDirectory() && !hasSameTime(old.stats.mtimeMs, node.stats.mtimeMs, ignoresFractions)) return false;
  if (node.stats.isSymbolicLink()) return readLink(old).equals(readLink(node));
  return hasSameXattrs(old, node);
}

function hasSameStats(old: Stats, stats: Stats): boolean {
  if (old.mode !== stats.mode || old.uid !== stats.uid || old.gid !== stats.gid) return false;
  // The size of a folder is its file system's business.
  return stats.isDirectory() || (old.size === stats.size && old.rdev === stats.rdev);
}

function hasSameTime(old: number, time: number, ignoresFractions: boolean): boolean {
  if (old === time || !ignoresFractions) return old === time;
  const isWhole = old % 1000 === 0 || time % 1000 === 0;
  return isWhole && Math.floor(old / 1000) === Math.floor(time / 1000);
}

function hasSameXattrs(old: TreeNode, node: TreeNode): boolean {
  const [before, after] = [keptXattrs(old.systemPath), keptXattrs(node.systemPath)];
  if (before.size !== after.size) return false;
  return [...after].every(([name, value]) => before.get(name)?.equals(value));
}

function readLink({ systemPath }: TreeNode): Buffer {
  return readlinkSync(systemPath, { encoding: "buffer" });
}
