import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmdirSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { DhowError } from "../errors.ts";
import { getVariable } from "../system/environment.ts";
import { libc, SystemCallError } from "../system/libc.ts";
import { type IdMap, type IdMapping, layOutIds } from "./id-map.ts";
import { writeIdMap } from "./map-ids.ts";
import { startPause } from "./pause.ts";
import { sharedStoresFolder, sharedStoresRoot } from "./shared-stores-folder.ts";
import { findSubordinateRanges, type UserName } from "./subordinate-ids.ts";

/** A line of the password file. */
interface Account extends UserName {
  readonly name: string;
  readonly gid: number;
}

/** The data folder of a store that is meant for others. @throws {DhowError} `invalid-argument` if none is named. */
export function storePath(rootFlag: string | undefined): string {
  if (rootFlag !== undefined) return resolve(rootFlag);
  throw new DhowError(
    "cannot share the store of your own containers: it holds what they have written and their settings",
    {
      kind: "invalid-argument",
      hint: "keep images for others in a store of their own: dhow --root /srv/images pull IMAGE",
    },
  );
}

/**
 * Shows a store to a user, who can read it and nothing else, as if its files were their own: the ids that its owner's
 * containers have become those of the user's containers. New images of the store appear by themselves. Lasts until the
 * machine goes down. Sharing it again makes it anew.
 * @param store The store's data folder.
 * @returns Where the user sees it.
 * @throws {DhowError} `permission-denied` for everybody but root; `not-found` for an unknown user or what is no store;
 * `unsupported` if kernel or file system cannot do it.
 */
export async function shareStore(store: string, userName: string): Promise<string> {
  requireRoot();
  if (!existsSync(`${store}/state.db`)) {
    throw new DhowError(`there is no image store in ${store}`, {
      kind: "not-found",
      hint: `make one: dhow --root ${store} pull IMAGE`,
    });
  }
  requireNoContainers(store);
  const user = findAccount(userName);
  const map = translate(idsOf(findOwner(store)), idsOf(user));
  const target = targetOf(store, user);
  unmountTarget(target);
  mkdirSync(target, { recursive: true, mode: 0o755 });
  // It only has to live until the kernel has taken over its id map.
  const holder = await startPause({
    entry: ["unshare", "--user"],
    mapIds: (pid) => writeIdMap(pid, map),
    arrangeMounts: false,
  });
  const userNamespace = openSync(`/proc/${holder.identity.pid}/ns/user`, "r");
  try {
    libc().mountIdMapped({ source: store, target, userNamespace });
  } catch (cause) {
    if (!(cause instanceof SystemCallError)) throw cause;
    throw new DhowError(`cannot share ${store}: the kernel or the file system knows no id-mapped mounts`, {
      kind: "unsupported",
      cause,
      hint: "ext4, xfs and btrfs know them from Linux 5.15 on, overlayfs needs 5.19",
    });
  } finally {
    closeSync(userNamespace);
    process.kill(holder.identity.pid, "SIGKILL");
  }
  return target;
}

/** Takes a store away from a user. Idempotent. Containers that run from it go on. @throws {DhowError} `permission-denied`, `not-found`. */
export function unshareStore(store: string, userName: string): void {
  requireRoot();
  const target = targetOf(store, findAccount(userName));
  unmountTarget(target);
  if (existsSync(target)) rmdirSync(target);
}

/** What is shared with whom: uid, and the folder that the user sees. */
export function listSharedStores(): { readonly uid: number; readonly path: string }[] {
  if (!existsSync(sharedStoresRoot)) return [];
  return readdirSync(sharedStoresRoot)
    .filter((name) => /^\d+$/.test(name))
    .flatMap((uid) =>
      readdirSync(`${sharedStoresRoot}/${uid}`).map((name) => ({
        uid: Number(uid),
        path: `${sharedStoresRoot}/${uid}/${name}`,
      })),
    );
}

/** For each id of a container: from what it is on the disk to what it is for the user. */
export function translate(owner: IdMap, user: IdMap): IdMap {
  return { uids: translateIds(owner.uids, user.uids), gids: translateIds(owner.gids, user.gids) };
}

function translateIds(owner: readonly IdMapping[], user: readonly IdMapping[]): IdMapping[] {
  const pieces: IdMapping[] = [];
  for (const one of owner) {
    for (const other of user) {
      const start = Math.max(one.containerId, other.containerId);
      const end = Math.min(one.containerId + one.size, other.containerId + other.size);
      if (start >= end) continue;
      pieces.push({
        containerId: one.hostId + start - one.containerId,
        hostId: other.hostId + start - other.containerId,
        size: end - start,
      });
    }
  }
  return pieces;
}

function idsOf(account: Account): IdMap {
  return {
    uids: layOutIds(account.uid, findSubordinateRanges("uid", account)),
    gids: layOutIds(account.gid, findSubordinateRanges("gid", account)),
  };
}

function findOwner(store: string): Account {
  const { uid } = statSync(`${store}/state.db`);
  return findAccount(String(uid));
}

/** @param text A name or a uid. */
function findAccount(text: string): Account {
  for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
    const [name = "", , uid, gid] = line.split(":");
    if (uid !== undefined && (name === text || uid === text)) return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new DhowError(`unknown user ${JSON.stringify(text)}`, { kind: "not-found" });
}

/** The user would see what they have written, and their environment. */
function requireNoContainers(store: string): void {
  const folder = `${store}/containers`;
  if (!existsSync(folder) || readdirSync(folder).length === 0) return;
  throw new DhowError(`cannot share ${store}: there are containers in it, which others must not see`, {
    kind: "conflict",
    hint: `remove them: dhow --root ${store} rm --all`,
  });
}

/** One place a store and user, whatever its path looks like. */
function targetOf(store: string, { uid }: Account): string {
  const name = createHash("sha256").update(store).digest("hex").slice(0, 12);
  return `${sharedStoresFolder(uid)}/${name}`;
}

function unmountTarget(target: string): void {
  if (!existsSync(target)) return;
  try {
    libc().unmount(target, detach);
  } catch (error) {
    // EINVAL: nothing is mounted there.
    if (!(error instanceof SystemCallError) || error.code !== "EINVAL") throw error;
  }
}

/** MNT_DETACH. */
const detach = 2;

function requireRoot(): void {
  if (process.geteuid?.() === 0 && getVariable("DHOW_IN_NAMESPACE") === undefined) return;
  throw new DhowError("only root can share a store with a user", {
    kind: "permission-denied",
    hint: "it takes a mount with mapped ids, which the kernel lets nobody else make",
  });
}
