import { closeSync, openSync } from "node:fs";
import { libc } from "../../system/libc.ts";

/**
 * Makes everything below a directory durable: data, names, modes and attributes, by one syncfs(2) for its file system.
 * It waits in another thread.
 */
export async function syncTree(directory: string): Promise<void> {
  const fd = openSync(directory, "r");
  try {
    await libc().syncFileSystem(fd);
  } finally {
    closeSync(fd);
  }
}
