import { type BytePath, joinPath } from "../unpack/byte-path.ts";
import { isWhiteoutDevice } from "../unpack/whiteouts.ts";
import type { LowerTree } from "./lower-tree.ts";
import { isOpaque, isWhiteoutFile } from "./overlay-marks.ts";
import { opaqueName, type TreeItem, whiteoutPrefix } from "./tree-items.ts";
import { closeFolder, findIn, type OpenFolder, openNode, openRoot, readFolder, type TreeNode } from "./tree-walk.ts";

export interface OverlayUpper {
  /** The upper folder of an overlay. */
  readonly directory: string;
  readonly lower: LowerTree;
  /** Whether `.wh.` files are deletions, as fuse-overlayfs writes them where it cannot make devices; else they are files. */
  readonly usesWhiteoutFiles: boolean;
}

/**
 * What an overlay's upper folder says, in the words of a layer, ordered by name.
 */
export function* readOverlayUpper(upper: OverlayUpper): Generator<TreeItem, void> {
  const root = openRoot(upper.directory);
  try {
    yield* readLevel(upper, root, false);
  } finally {
    closeFolder(root);
  }
}

/** @param isHidden Nothing of the layers below shows in this folder any more. */
function* readLevel(upper: OverlayUpper, folder: OpenFolder, isHidden: boolean): Generator<TreeItem, void> {
  for (const node of readFolder(folder)) {
    if (node.stats.isDirectory()) yield* readDirectory(upper, node, isHidden);
    else yield* readLeaf(upper, node);
  }
}

function* readDirectory(upper: OverlayUpper, node: TreeNode, isHidden: boolean): Generator<TreeItem, void> {
  const folder = openNode(node);
  if (!folder) return;
  try {
    yield { type: "entry", node };
    const hidesHere = !isHidden && hidesAll(upper, node, folder);
    // A new folder is marked as well: that there was nothing below needs not be said.
    if (hidesHere && upper.lower.find(node.path)?.isDirectory()) yield { type: "opaque", path: node.path };
    yield* readLevel(upper, folder, isHidden || hidesHere);
  } finally {
    closeFolder(folder);
  }
}

function hidesAll(upper: OverlayUpper, node: TreeNode, folder: OpenFolder): boolean {
  return isOpaque(node.systemPath) || (upper.usesWhiteoutFiles && findIn(folder, opaqueName) !== undefined);
}

function* readLeaf(upper: OverlayUpper, node: TreeNode): Generator<TreeItem, void> {
  if (isWhiteoutDevice(node.stats) || isWhiteoutFile(node)) {
    // fuse-overlayfs marks opaque folders by a device `.wh..opq` too: in a layer that would delete everything.
    if (!node.name.startsWith(whiteoutPrefix)) yield { type: "deleted", path: node.path };
    return;
  }
  if (!node.name.startsWith(whiteoutPrefix)) {
    yield { type: "entry", node };
    return;
  }
  if (!upper.usesWhiteoutFiles) yield { type: "unrepresentable", path: node.path };
  else if (node.name !== opaqueName) yield { type: "deleted", path: hiddenBy(node) };
}

function hiddenBy({ path, name }: TreeNode): BytePath {
  return joinPath(path.slice(0, Math.max(0, path.length - name.length - 1)), name.slice(whiteoutPrefix.length));
}
