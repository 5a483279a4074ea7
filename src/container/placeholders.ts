import { readdirSync } from "node:fs";
import type { LowerTree } from "../storage/pack/lower-tree.ts";
import type { TreeItem } from "../storage/pack/tree-items.ts";
import type { TreeNode } from "../storage/pack/tree-walk.ts";
import { initPath } from "./spec/mounts.ts";

/**
 * Where the engine mounts things of its own into every container. The runtime makes what is missing there, empty: that is no
 * change of the container's.
 */
export const engineMountPoints: ReadonlySet<string> = new Set(
  [
    ...["/dev", "/proc", "/run", "/sys", initPath],
    ...["/etc/hostname", "/etc/hosts", "/etc/mtab", "/etc/resolv.conf"],
    ...["/run/.containerenv", "/run/notify", "/run/secrets"],
  ].map((path) => path.slice(1)),
);

/** Tells what is in a container's tree only because the engine has mounted something there, and not in its image. */
export function placeholdersAbove(image: LowerTree): (item: TreeItem) => boolean {
  return (item) =>
    item.type === "entry" &&
    engineMountPoints.has(item.node.path) &&
    isEmpty(item.node) &&
    image.find(item.node.path) === undefined;
}

function isEmpty({ stats, systemPath }: TreeNode): boolean {
  if (stats.isFile()) return stats.size === 0;
  return stats.isDirectory() && readdirSync(systemPath).length === 0;
}
