import { chmodSync, lstatSync, mkdirSync, rmdirSync } from "node:fs";
import { DhowError, errnoOf } from "../errors.ts";
import type { ContainerConfig } from "../model/container-config.ts";
import { unmountAll } from "../storage/mounts.ts";

/**
 * Where the root filesystem of a container is shown once more whose ids do not include the user: such a container's root may
 * not enter the user's own folders. The mount there is in the user's mount namespace; others see an empty folder.
 * @returns undefined if the container's root can go where the user can.
 */
export function reachableRootfs(id: string, { userns }: Pick<ContainerConfig, "userns">): string | undefined {
  if (userns.mode === "host") return undefined;
  const hasUser = [userns.uids, userns.gids].every((ranges) => ranges.some(({ hostId }) => hostId === 0));
  return hasUser ? undefined : `/tmp/dhow-root-${id}`;
}

/** @throws {DhowError} `permission-denied` if somebody else has made a file of that name. */
export function makeReachable(path: string): void {
  try {
    mkdirSync(path, { mode: 0o711 });
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    const stats = lstatSync(path);
    if (!stats.isDirectory() || stats.uid !== process.geteuid?.()) {
      throw new DhowError(`cannot use ${path}: somebody else has made it`, { kind: "permission-denied", cause: error });
    }
  }
  // The umask has its say about what mkdir makes.
  chmodSync(path, 0o711);
}

/** Idempotent. */
export function removeReachable(path: string): void {
  unmountAll(path);
  try {
    rmdirSync(path);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}
