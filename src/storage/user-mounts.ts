import { mkdirSync, rmdirSync, rmSync } from "node:fs";
import { DhowError } from "../errors.ts";
import { tryRun } from "../system/process.ts";
import { countMounts, isMountPoint, unmountAll } from "./mounts.ts";

/**
 * A root filesystem that a user wants to look into: `RUN/user-mounts/KIND/ID/rootfs`. It lasts as long as the user's namespaces, and what is
 * mounted there is all that is known about it. Every further mount lies on top of the others, so that as many unmounts take it away.
 */
export interface UserMount {
  readonly target: string;
  /** For what a mount needs beside its target. */
  readonly folder: string;
}

export function userMount(runDirectory: string, kind: "containers" | "images", id: string): UserMount {
  const folder = `${runDirectory}/user-mounts/${kind}/${id}`;
  return { folder, target: `${folder}/rootfs` };
}

/**
 * Mounts once more, or for the first time by what `mountFirst` does.
 * @throws What that throws; nothing is mounted then.
 */
export function addMount({ folder, target }: UserMount, mountFirst: () => void): void {
  mkdirSync(target, { recursive: true, mode: 0o700 });
  if (isMountPoint(target)) {
    bindMount(target, target);
    return;
  }
  try {
    mountFirst();
  } catch (error) {
    unmountAll(target);
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Shows a folder at another place. @throws {DhowError} `unavailable`. */
export function bindMount(source: string, target: string): void {
  run(["mount", "--bind", source, target]);
}

/**
 * Takes one mount away.
 * @throws {DhowError} `conflict` if it is the last one and in use; `not-found` if nothing is mounted.
 */
export function removeMount(mount: UserMount): void {
  if (!isMountPoint(mount.target)) throw new DhowError("layer is not mounted", { kind: "not-found" });
  // While somebody works in it, only those that lie on top can go.
  run(countMounts(mount.target) > 1 ? ["umount", "-i", "-l", mount.target] : ["umount", "-i", mount.target]);
  if (!isMountPoint(mount.target)) removeFolders(mount);
}

/** Takes all mounts away, whoever works in them. Idempotent. */
export function removeAllMounts(mount: UserMount): void {
  unmountAll(mount.target);
  removeFolders(mount);
}

/** Never what is in a file system that is mounted after all. */
function removeFolders({ folder, target }: UserMount): void {
  try {
    rmdirSync(target);
  } catch {
    return;
  }
  rmSync(folder, { recursive: true, force: true });
}

function run(argv: readonly [string, ...string[]]): void {
  const { exitCode, stderr } = tryRun(argv);
  if (exitCode === 0) return;
  const reason = stderr.trim().split("\n")[0] ?? "";
  const isBusy = reason.includes("busy");
  throw new DhowError(isBusy ? "device or resource busy" : reason, {
    kind: isBusy ? "conflict" : "unavailable",
    ...(isBusy ? { hint: "a program works in it; --force unmounts it all the same" } : {}),
  });
}
