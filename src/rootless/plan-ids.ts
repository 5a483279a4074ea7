import { existsSync, rmSync } from "node:fs";
import { DhowError, errnoOf } from "../errors.ts";
import { writeFileAtomic } from "../system/files.ts";
import { findProgram } from "../system/process.ts";
import { allocateOwnRange } from "./allocate-range.ts";
import type { Warn } from "./enter.ts";
import { type IdMap, layOutIds } from "./id-map.ts";
import { recordDirectory } from "./record.ts";
import {
  findSubordinateRanges,
  type SubordinateKind,
  type SubordinateRange,
  type UserName,
} from "./subordinate-ids.ts";
import { currentUser } from "./user.ts";

export interface IdPlan {
  readonly map: IdMap;
  /** Why there is only one uid, with what would help; undefined if there are more. */
  readonly limitation: string | undefined;
}

/** Which ids a new namespace of this user gets: its own and its subordinate ranges, else its own alone. */
export function planIds(): IdPlan {
  const user = currentUser();
  const [uids, gids, limitation] = findRanges(user);
  return { map: { uids: layOutIds(user.uid, uids), gids: layOutIds(user.gid, gids) }, limitation };
}

/** The plan for a user whose ranges turned out not to be usable. */
export function planOneId(limitation: string): IdPlan {
  const { uid, gid } = currentUser();
  return { map: { uids: layOutIds(uid, []), gids: layOutIds(gid, []) }, limitation };
}

type Ranges = readonly SubordinateRange[];

function findRanges(user: UserName): [Ranges, Ranges, string | undefined] {
  try {
    const uids = findSubordinateRanges("uid", user);
    const gids = findSubordinateRanges("gid", user);
    if (uids.length > 0 && gids.length > 0) {
      const missing = user.uid === 0 ? undefined : missingMapper();
      return missing === undefined ? [uids, gids, undefined] : [[], [], missing];
    }
    if (user.uid === 0) {
      const range = allocateOwnRange(user);
      return [[range], [range], undefined];
    }
    return [[], [], noRange(user, uids.length === 0 ? "uid" : "gid")];
  } catch (error) {
    if (!(error instanceof DhowError) && errnoOf(error) === undefined) throw error;
    return [[], [], `${(error as Error).message}; containers get one uid`];
  }
}

function missingMapper(): string | undefined {
  const missing = ["newuidmap", "newgidmap"].find((name) => findProgram(name) === undefined);
  return (
    missing &&
    `${missing} is not installed, so containers get one uid: files of other owners in images belong to root there; 'dhow doctor' says what to install`
  );
}

function noRange({ name, uid }: UserName, kind: SubordinateKind): string {
  return (
    `no subordinate ids for ${name ?? `uid ${uid}`} in /etc/sub${kind}, so containers get one uid: files of other ` +
    "owners in images belong to root there; 'dhow doctor' shows the line that adds a range"
  );
}

/** Tells the user once that there is only one uid; again only after it was better meanwhile. */
export function warnOnce(dataDirectory: string, limitation: string | undefined, warn: Warn): void {
  const marker = `${recordDirectory(dataDirectory)}/one-uid`;
  if (limitation === undefined) {
    rmSync(marker, { force: true });
  } else if (!existsSync(marker)) {
    warn(limitation);
    writeFileAtomic(marker, `${limitation}\n`);
  }
}
