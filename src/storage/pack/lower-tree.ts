import { lstatSync, readdirSync, type Stats } from "node:fs";
import { type BytePath, baseOf, joinPath, parentOf, toSystemPath } from "../unpack/byte-path.ts";
import { isWhiteoutDevice } from "../unpack/whiteouts.ts";
import { isOpaque } from "./overlay-marks.ts";

/** What unpacked layers show together, without a mount. */
export interface LowerTree {
  /** Undefined where they show nothing. */
  find(path: BytePath): Stats | undefined;
  /** What a folder holds; nothing if it is none. */
  names(path: BytePath): BytePath[];
}

/** @param layers Folders of unpacked layers, top first, that nobody changes. */
export function openLowerTree(layers: readonly string[]): LowerTree {
  const known = new Map<BytePath, readonly BytePath[]>();
  const roots = layers.map((layer) => Buffer.from(layer).toString("latin1"));

  /** The folders of the layers that make up one folder together, top first. */
  const foldersOf = (path: BytePath): readonly BytePath[] => {
    if (path === "") return roots;
    let folders = known.get(path);
    if (!folders) {
      folders = merge(foldersOf(parentOf(path)), baseOf(path));
      known.set(path, folders);
    }
    return folders;
  };
  const find = (path: BytePath): Stats | undefined => {
    for (const folder of foldersOf(parentOf(path))) {
      const stats = lstatSync(toSystemPath(`${folder}/${baseOf(path)}`), { throwIfNoEntry: false });
      if (stats) return isWhiteoutDevice(stats) ? undefined : stats;
    }
    return undefined;
  };
  return {
    find: (path) => (path === "" ? statsOfRoot(roots) : find(path)),
    names(path) {
      const names = new Set(
        foldersOf(path).flatMap((folder) => readdirSync(toSystemPath(folder), { encoding: "latin1" })),
      );
      return [...names].filter((name) => find(joinPath(path, name))).sort();
    },
  };
}

function merge(parents: readonly BytePath[], name: BytePath): BytePath[] {
  const folders: BytePath[] = [];
  for (const parent of parents) {
    const path = `${parent}/${name}`;
    const stats = lstatSync(toSystemPath(path), { throwIfNoEntry: false });
    if (!stats) continue;
    if (!stats.isDirectory()) break;
    folders.push(path);
    if (isOpaque(toSystemPath(path))) break;
  }
  return folders;
}

function statsOfRoot([top]: readonly BytePath[]): Stats | undefined {
  return top === undefined ? undefined : lstatSync(toSystemPath(top), { throwIfNoEntry: false });
}
