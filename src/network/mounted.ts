import { readFileSync } from "node:fs";

/** Whether something is mounted on a path, in this process's mount namespace. */
export function isMounted(path: string): boolean {
  try {
    return readFileSync("/proc/self/mountinfo", "utf8").includes(` ${path.replaceAll(" ", "\\040")} `);
  } catch {
    return false;
  }
}
