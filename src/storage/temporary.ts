import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { runProgram } from "../system/process.ts";
import { listMountsUnder, unmountAll } from "./mounts.ts";
import { currentOwner, isOwnerAlive } from "./owner.ts";

/**
 * The data folder's `tmp`: in the same file system as everything else, so that results are published by rename.
 * The names say which process owns them: `BOOT.PID.START.NAME`, with the first eight digits of the boot id.
 */
let counter = 0;

/** A path for a temporary file or folder of this process, that does not exist yet. */
export function newTemporaryPath(dataDirectory: string): string {
  return ownedTemporaryPath(dataDirectory, `${counter++}`);
}

/** The path of this process's temporary file of that name. */
export function ownedTemporaryPath(dataDirectory: string, name: string): string {
  const { bootId, pid, startTime } = currentOwner();
  const directory = `${dataDirectory}/tmp`;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return `${directory}/${bootId.slice(0, 8)}.${pid}.${startTime}.${name}`;
}

/** Removes what processes left behind that do not run any more. What resists is left to the next time. */
export function removeAbandoned(dataDirectory: string): void {
  const { bootId } = currentOwner();
  const directory = `${dataDirectory}/tmp`;
  const abandoned = readdirOrEmpty(directory).filter((entry) => {
    const [boot, pid, startTime = ""] = entry.split(".");
    return boot !== bootId.slice(0, 8) || !isOwnerAlive({ bootId, pid: Number(pid), startTime });
  });
  if (abandoned.length === 0) return;
  // A process that was killed while it tried a storage driver leaves its mount.
  const mounts = listMountsUnder(directory);
  for (const path of abandoned.map((entry) => `${directory}/${entry}`)) {
    for (const mount of mounts) if (mount.startsWith(`${path}/`)) unmountAll(mount);
    try {
      removeTree(path);
    } catch {
      // Another process may be removing it, too.
    }
  }
}

/** Removes a file or a folder with all that is in it. Idempotent. Nothing may be mounted in it. */
export function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Names that are not UTF-8, or somebody adding files at the same time: rm(1) copes or says what is wrong.
    runProgram(["rm", "-rf", "--one-file-system", "--", path]);
  }
}

/** The names in a directory; none if it does not exist. */
export function readdirOrEmpty(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
