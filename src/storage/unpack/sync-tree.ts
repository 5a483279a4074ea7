import { closeSync, openSync } from "node:fs";
import { libc } from "../../system/libc.ts";

/**
 * Makes everything below a directory durable: data, names, modes and attributes, by one syncfs(2) for its file system.
 * Call it after unpacking and before the rename that publishes the layer, then sync the folder of the rename.
 */
export function syncTree(directory: string): void {
  const fd = openSync(directory, "r");
  try {
    libc().syncFileSystem(fd);
  } finally {
    closeSync(fd);
  }
}
