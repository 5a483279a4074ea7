import { readFileSync } from "node:fs";
import { errnoOf } from "../errors.ts";
import { findProgram, tryRun } from "../system/process.ts";

/** Ids of the machine that belong to one user. */
export interface SubordinateRange {
  readonly start: number;
  readonly size: number;
}

export interface UserName {
  readonly name: string | undefined;
  readonly uid: number;
}

/** One line of /etc/subuid or /etc/subgid. */
export interface SubordinateEntry extends SubordinateRange {
  /** Name or decimal uid. */
  readonly owner: string;
}

export type SubordinateKind = "uid" | "gid";

/** Reads the text of /etc/subuid or /etc/subgid; lines that make no sense are skipped, as newuidmap does. */
export function parseSubordinateIds(text: string): SubordinateEntry[] {
  return text.split("\n").flatMap((line) => {
    const match = /^([^:#]+):(\d+):(\d+)\s*$/.exec(line);
    const [, owner = "", start, size] = match ?? [];
    return match && Number(size) > 0 ? [{ owner, start: Number(start), size: Number(size) }] : [];
  });
}

/** The ranges of one user, by name or by uid, in the file's order and without duplicates. */
export function rangesOf(entries: readonly SubordinateEntry[], user: UserName): SubordinateRange[] {
  const seen = new Set<number>();
  return entries
    .filter(({ owner }) => owner === user.name || owner === String(user.uid))
    .filter(({ start }) => !seen.has(start) && seen.add(start))
    .map(({ start, size }) => ({ start, size }));
}

/**
 * The user's ranges: of the file, else what the name service says (`getsubids`, for LDAP and the like).
 * @throws The system error if the file exists and cannot be read.
 */
export function findSubordinateRanges(kind: SubordinateKind, user: UserName): SubordinateRange[] {
  const ranges = rangesOf(readSubordinateFile(kind), user);
  return ranges.length > 0 ? ranges : askNameService(kind, user);
}

/** The entries of /etc/subuid or /etc/subgid; none if there is no such file. */
export function readSubordinateFile(kind: SubordinateKind): SubordinateEntry[] {
  try {
    return parseSubordinateIds(readFileSync(`/etc/sub${kind}`, "utf8"));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}

function askNameService(kind: SubordinateKind, { name }: UserName): SubordinateRange[] {
  const program = findProgram("getsubids");
  if (program === undefined || name === undefined) return [];
  const { exitCode, stdout } = tryRun([program, ...(kind === "gid" ? ["-g"] : []), name]);
  return exitCode === 0 ? parseGetsubids(stdout) : [];
}

/** Reads lines as `0: alice 100000 65536`. */
export function parseGetsubids(text: string): SubordinateRange[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\d+: \S+ (\d+) (\d+)$/.exec(line);
    return match ? [{ start: Number(match[1]), size: Number(match[2]) }] : [];
  });
}
