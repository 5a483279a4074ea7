import { libc } from "../../system/libc.ts";
import type { TreeNode } from "./tree-walk.ts";

/** Attributes by which overlay file systems know what they wrote; layers carry none of them. */
const opaqueNames = ["user.overlay.opaque", "user.fuseoverlayfs.opaque", "trusted.overlay.opaque"];

/** Whether a folder of an upper or lower layer hides what the layers below have in it. */
export function isOpaque(path: string | Buffer): boolean {
  const names = listXattrs(path);
  return opaqueNames.some((name) => names.includes(name) && libc().getXattr(path, name)?.toString("latin1") === "y");
}

/** Whether it is an empty file that stands for a deletion, as kernels since 6.7 can write it. */
export function isWhiteoutFile({ stats, systemPath }: TreeNode): boolean {
  return stats.isFile() && stats.size === 0 && listXattrs(systemPath).includes("user.overlay.whiteout");
}

/** The names of attributes of the file itself, not of what a link leads to; none where there cannot be any. */
export function listXattrs(path: string | Buffer): readonly string[] {
  try {
    return libc().listXattrs(path);
  } catch {
    return [];
  }
}
