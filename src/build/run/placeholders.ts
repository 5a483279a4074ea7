import { existsSync, lstatSync, readdirSync, rmdirSync, type Stats, unlinkSync } from "node:fs";
import { engineMountPoints } from "../../container/placeholders.ts";
import { type LowerTree, openLowerTree } from "../../storage/pack/lower-tree.ts";
import { isOpaque } from "../../storage/pack/overlay-marks.ts";
import { fromSystemPath } from "../../storage/unpack/byte-path.ts";

/**
 * Removes from what a step has changed the empty files and folders that are there only because something was mounted on them,
 * with the folders that lead there if they are empty then.
 * @param destinations Absolute paths of the step's own mounts.
 */
export function removePlaceholders(changes: string, layers: readonly string[], destinations: readonly string[]): void {
  if (!existsSync(changes)) return;
  const below = openLowerTree(layers);
  const paths = [...engineMountPoints, ...destinations.map((path) => path.slice(1))];
  // What lies deeper goes first.
  for (const path of paths.sort((a, b) => b.split("/").length - a.split("/").length)) {
    removeUpwards(changes, below, path.split("/").filter(Boolean));
  }
}

function removeUpwards(changes: string, below: LowerTree, parts: readonly string[]): void {
  for (let depth = parts.length; depth > 0; depth--) {
    const path = parts.slice(0, depth).join("/");
    const under = below.find(fromSystemPath(path));
    if (
      under === undefined
        ? !removeEmpty(`${changes}/${path}`, changes)
        : !removeUnchanged(`${changes}/${path}`, changes, under)
    )
      return;
  }
}

/** A folder of the layers below that says nothing new. @returns Whether it is gone. */
function removeUnchanged(path: string, root: string, under: Stats): boolean {
  if (leadsThroughLink(path, root)) return false;
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return true;
  const isSame = stats.mode === under.mode && stats.uid === under.uid && stats.gid === under.gid;
  if (!isSame || !stats.isDirectory() || isOpaque(path) || readdirSync(path).length > 0) return false;
  rmdirSync(path);
  return true;
}

/** @returns Whether it is gone. */
function removeEmpty(path: string, root: string): boolean {
  if (leadsThroughLink(path, root)) return false;
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return true;
  if (stats.isFile() && stats.size === 0) unlinkSync(path);
  else if (stats.isDirectory() && readdirSync(path).length === 0) rmdirSync(path);
  else return false;
  return true;
}

/** What the step has made of a folder on the way must not lead us anywhere else. */
function leadsThroughLink(path: string, root: string): boolean {
  const parts = path
    .slice(root.length + 1)
    .split("/")
    .slice(0, -1);
  return parts.some((_, index) => {
    const stats = lstatSync([root, ...parts.slice(0, index + 1)].join("/"), { throwIfNoEntry: false });
    return stats !== undefined && !stats.isDirectory();
  });
}
