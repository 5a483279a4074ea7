import type { BytePath } from "../unpack/byte-path.ts";
import type { TreeNode } from "./tree-walk.ts";

/** One thing that a layer says: that something is there, that something is gone, that all below is gone. */
export type TreeItem =
  | { readonly type: "entry"; readonly node: TreeNode }
  | { readonly type: "deleted"; readonly path: BytePath }
  /** Comes behind the entry of its folder and before what is in it. */
  | { readonly type: "opaque"; readonly path: BytePath }
  /** Something that no layer can hold: its name would be read as a deletion. */
  | { readonly type: "unrepresentable"; readonly path: BytePath };

/** The files whose names mean deletions in layers: `.wh.NAME`. */
export const whiteoutPrefix = ".wh.";
export const opaqueName = ".wh..wh..opq";
