import { chmodSync, lstatSync, mkdirSync, type Stats } from "node:fs";
import { DhowError, errnoOf } from "../errors.ts";
import { getVariable } from "../system/environment.ts";

/** Where the run folder is looked for; tests give others. */
export interface RunDirectoryPlaces {
  /** $XDG_RUNTIME_DIR. */
  readonly runtimeDirectory: string | undefined;
  /** `/run`: root's own, with `user/UID` for the others. */
  readonly run: string;
  /** `/tmp`. */
  readonly temporary: string;
  readonly uid: number;
}

/**
 * Chooses and makes the run folder of a new namespace: in the session's runtime folder, else in the system's for this
 * user (/run/user/UID, root's /run), else in /tmp.
 * @throws {DhowError} `permission-denied` if the folder in /tmp is there and somebody else could have put things in it.
 */
export function makeRunDirectory(places: RunDirectoryPlaces = defaultPlaces()): string {
  const { runtimeDirectory, run, temporary, uid } = places;
  for (const base of [runtimeDirectory, `${run}/user/${uid}`, uid === 0 ? run : undefined]) {
    if (base === undefined || !isPrivate(base, uid)) continue;
    if (tryMakeDirectory(`${base}/dhow`) && isPrivate(`${base}/dhow`, uid)) return closeToOthers(`${base}/dhow`);
  }
  return makeTemporary(`${temporary}/dhow-${uid}`, uid);
}

function defaultPlaces(): RunDirectoryPlaces {
  return {
    runtimeDirectory: getVariable("XDG_RUNTIME_DIR"),
    run: "/run",
    temporary: "/tmp",
    uid: process.geteuid?.() ?? 0,
  };
}

/** Whether a path is a folder that only this user can write to. A line break in it would break the record. */
export function isPrivate(path: string, uid: number): boolean {
  return path.startsWith("/") && !path.includes("\n") && objection(path, uid) === undefined;
}

function makeTemporary(path: string, uid: number): string {
  if (tryMakeDirectory(path)) {
    const reason = objection(path, uid);
    if (reason === undefined) return closeToOthers(path);
    throw new DhowError(`cannot use ${path} as the run folder: ${reason}`, {
      kind: "permission-denied",
      hint: `remove it, or set XDG_RUNTIME_DIR to a folder that only you can write to`,
    });
  }
  throw new DhowError(`cannot make the run folder ${path}`, {
    kind: "permission-denied",
    hint: "set XDG_RUNTIME_DIR to a folder that only you can write to",
  });
}

function closeToOthers(path: string): string {
  chmodSync(path, 0o700);
  return path;
}

/** @returns Whether there is something of that name now. */
function tryMakeDirectory(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (error) {
    return errnoOf(error) === "EEXIST";
  }
}

/** Why a path cannot be trusted, or undefined. Links are not followed: whoever made the link could change it. */
function objection(path: string, uid: number): string | undefined {
  let stats: Stats;
  try {
    stats = lstatSync(path);
  } catch {
    return "it cannot be looked at";
  }
  if (stats.isSymbolicLink()) return "it is a symbolic link";
  if (!stats.isDirectory()) return "it is not a directory";
  if (stats.uid !== uid) return `it belongs to uid ${stats.uid}, not to you`;
  if ((stats.mode & 0o022) !== 0) return "others can write to it";
  return undefined;
}
