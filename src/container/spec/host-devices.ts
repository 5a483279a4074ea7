import { type Dirent, readdirSync } from "node:fs";

/** What a container has of its own, or the runtime gives to every container. */
const skipped = new Set([
  "console",
  "fd",
  "full",
  "hugepages",
  "mqueue",
  "null",
  "ptmx",
  "pts",
  "random",
  "shm",
  "tty",
  "urandom",
  "zero",
]);

/** The device nodes of the host that a privileged container shows, absolute paths. Symbolic links are left out. */
export function listHostDevices(folder = "/dev"): string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (folder === "/dev" && skipped.has(entry.name)) return [];
    if (entry.isDirectory()) return listHostDevices(path);
    return entry.isCharacterDevice() || entry.isBlockDevice() ? [path] : [];
  });
}

/** Empty for folders that this user may not read. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
