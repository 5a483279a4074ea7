import { readFileSync } from "node:fs";
import { loadedLibc, SystemCallError } from "../system/libc.ts";
import { tryRun } from "../system/process.ts";

/** The mount points of this mount namespace, in the order they were mounted. */
function listMountPoints(): string[] {
  const points: string[] = [];
  for (const line of readFileSync("/proc/self/mountinfo", "utf8").split("\n")) {
    const point = line.split(" ", 5)[4];
    if (point !== undefined) points.push(unescapePath(point));
  }
  return points;
}

/** The mount points below a directory, innermost first: what has to be unmounted before it is removed. */
export function listMountsUnder(directory: string): string[] {
  return listMountPoints()
    .filter((point) => point.startsWith(`${directory}/`))
    .reverse();
}

/** How many mounts lie on top of each other at a path. */
export function countMounts(target: string): number {
  return listMountPoints().filter((point) => point === target).length;
}

export function isMountPoint(target: string): boolean {
  return listMountPoints().includes(target);
}

/** Unmounts lazily whatever is mounted at a path, however often. Idempotent. */
export function unmountAll(target: string): void {
  const mounted = () => countMounts(target);
  for (let left = mounted(), before = left + 1; left > 0 && left < before; before = left, left = mounted()) {
    unmountOnce(target);
  }
}

/** A mount that somebody else has removed meanwhile is no failure. */
function unmountOnce(target: string): void {
  const calls = loadedLibc();
  if (!calls) {
    tryRun(["umount", "-l", "-i", target]);
    return;
  }
  try {
    calls.unmount(target, detach);
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
  }
}

/** MNT_DETACH. */
const detach = 2;

/** mountinfo writes space, tab, newline and backslash as three octal digits. */
function unescapePath(text: string): string {
  return text.includes("\\")
    ? text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
    : text;
}
