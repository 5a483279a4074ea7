import { type TreeItem, whiteoutPrefix } from "./tree-items.ts";
import { closeFolder, type OpenFolder, openNode, openRoot, readFolder } from "./tree-walk.ts";

/**
 * Everything in a tree, ordered by name.
 * @param isLayer It is to become a layer, in which names have meanings.
 */
export function* readWholeTree(
  directory: string,
  { isLayer }: { readonly isLayer: boolean },
): Generator<TreeItem, void> {
  const root = openRoot(directory);
  try {
    yield* readLevel(root, isLayer);
  } finally {
    closeFolder(root);
  }
}

function* readLevel(folder: OpenFolder, isLayer: boolean): Generator<TreeItem, void> {
  for (const node of readFolder(folder)) {
    if (isLayer && node.name.startsWith(whiteoutPrefix)) {
      yield { type: "unrepresentable", path: node.path };
      continue;
    }
    const inside = node.stats.isDirectory() ? openNode(node) : undefined;
    if (node.stats.isDirectory() && !inside) continue;
    try {
      yield { type: "entry", node };
      if (inside) yield* readLevel(inside, isLayer);
    } finally {
      if (inside) closeFolder(inside);
    }
  }
}
