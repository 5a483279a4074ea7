import { DhowError } from "../../errors.ts";
import { type BytePath, showPath } from "./byte-path.ts";
import type { Tally } from "./tally.ts";

/** Which owners can exist: the sizes of the ranges that are mapped into the user namespace, from 0 on. */
export interface IdRanges {
  readonly uids: number;
  readonly gids: number;
  /** Give what belongs to an owner beyond the ranges to root instead of failing. */
  readonly ignoreChownErrors: boolean;
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
  /** The archive names another owner: set-id bits would mean something else now. */
  readonly isSquashed: boolean;
}

export type OwnerOf = (entry: { readonly uid: number; readonly gid: number }, path: BytePath) => Owner;

const root: Owner = { uid: 0, gid: 0, isSquashed: false };
const squashed: Owner = { uid: 0, gid: 0, isSquashed: true };

/**
 * Decides who owns an entry on disk. In a namespace of one uid everything is root's, with one warning.
 * The function throws {DhowError} `unsupported` for an owner beyond the ranges.
 */
export function createOwnerOf(ids: IdRanges, squashes: Tally): OwnerOf {
  const isSingle = ids.uids === 1 && ids.gids === 1;
  return ({ uid, gid }, path) => {
    if (uid === 0 && gid === 0) return root;
    if (uid >= 0 && uid < ids.uids && gid >= 0 && gid < ids.gids) return { uid, gid, isSquashed: false };
    if (!isSingle && !ids.ignoreChownErrors) throw beyondRange({ uid, gid }, path, ids);
    squashes.count(path);
    return isSingle ? root : squashed;
  };
}

function beyondRange({ uid, gid }: { uid: number; gid: number }, path: BytePath, ids: IdRanges): DhowError {
  const isUid = uid < 0 || uid >= ids.uids;
  const [kind, id, size, file] = isUid ? ["uid", uid, ids.uids, "/etc/subuid"] : ["gid", gid, ids.gids, "/etc/subgid"];
  return new DhowError(
    `cannot unpack layer: ${showPath(path)} belongs to ${kind} ${id}, but only ${size} ${kind}s are available in the user namespace`,
    {
      kind: "unsupported",
      hint: `extend your range in ${file}, or use --storage-opt ignore_chown_errors=true to give such files to root`,
    },
  );
}
