import { DhowError } from "../../errors.ts";
import { readInRoot } from "./rootfs-path.ts";

/** Whom a container's process runs as. */
export interface ResolvedUser {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups, ascending; they hold `gid` too if a user was named, as podman's do (CVE-2022-2989). */
  readonly additionalGids: readonly number[];
  readonly home: string;
  /** Whether the image's user database knows the uid. */
  readonly known: boolean;
}

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

const maxFileBytes = 4 << 20;
const maxId = 2 ** 31 - 1;

/**
 * Looks a `user[:group]` up in /etc/passwd and /etc/group of a mounted root filesystem; numbers need no entry. "" is root.
 * Lines that are no entries are skipped.
 * @param groupAdd Further groups by name or number.
 * @throws {DhowError} `invalid-argument`: podman's "unable to find user X: no matching entries in passwd file".
 */
export function resolveUser(rootfs: string, user: string, groupAdd: readonly string[]): ResolvedUser {
  const read = (path: string) => readInRoot(rootfs, path, maxFileBytes);
  return lookUpUser({ passwd: read("/etc/passwd"), group: read("/etc/group") }, user, groupAdd);
}

/** The texts of /etc/passwd and /etc/group, as far as there are any. */
export interface UserDatabase {
  readonly passwd: string | undefined;
  readonly group: string | undefined;
}

/** As {@link resolveUser}, for those who have read the files by themselves. */
export function lookUpUser(database: UserDatabase, user: string, groupAdd: readonly string[]): ResolvedUser {
  const passwd = parsePasswd(database.passwd ?? "");
  const groups = parseGroups(database.group ?? "");
  const [userPart = "", groupPart = ""] = user.split(":", 2);
  const entry = findUser(passwd, userPart);
  const uid = entry?.uid ?? parseId(userPart, "user");
  const gid = groupPart === "" ? (entry?.gid ?? 0) : findGroup(groups, groupPart);
  const memberships = groupPart === "" && entry ? groups.filter(({ members }) => members.includes(entry.name)) : [];
  const additional = new Set([
    ...(user === "" ? [] : [gid]),
    ...memberships.map((group) => group.gid),
    ...groupAdd.filter((name) => name !== "keep-groups").map((name) => findGroup(groups, name)),
  ]);
  return {
    uid,
    gid,
    additionalGids: [...additional].sort((a, b) => a - b),
    home: entry?.home || "/",
    known: entry !== undefined || passwd.some((other) => other.uid === uid),
  };
}

/**
 * The highest id that the user database of unpacked layers knows, top first; "nobody" does not count.
 */
export function highestIdOf(layers: readonly string[]): number {
  const read = (path: string) => {
    for (const layer of layers) {
      const text = readInRoot(layer, path, maxFileBytes);
      if (text !== undefined) return text;
    }
    return "";
  };
  const users = parsePasswd(read("/etc/passwd")).flatMap(({ uid, gid }) => [uid, gid]);
  const groups = parseGroups(read("/etc/group")).map(({ gid }) => gid);
  return [...users, ...groups].filter((id) => id < nobody).reduce((highest, id) => Math.max(highest, id), 0);
}
const nobody = 65534;

function findUser(passwd: readonly PasswdEntry[], text: string): PasswdEntry | undefined {
  if (text === "") return passwd.find(({ uid }) => uid === 0);
  return passwd.find(({ name }) => name === text) ?? passwd.find(({ uid }) => String(uid) === text);
}

function findGroup(groups: readonly GroupEntry[], text: string): number {
  return groups.find(({ name }) => name === text)?.gid ?? parseId(text, "group");
}

function parseId(text: string, what: "user" | "group"): number {
  if (text === "" && what === "user") return 0;
  if (!/^\d+$/.test(text)) {
    const file = what === "user" ? "passwd" : "group";
    throw new DhowError(`unable to find ${what} ${text}: no matching entries in ${file} file`, {
      kind: "invalid-argument",
    });
  }
  const id = Number(text);
  if (id > maxId) throw new DhowError(`uids and gids must be in range 0-${maxId}`, { kind: "invalid-argument" });
  return id;
}

function parsePasswd(text: string): PasswdEntry[] {
  return parseLines(text, ([name = "", , uid = "", gid = "", , home = ""]) => {
    return isId(uid) && isId(gid) ? { name, uid: Number(uid), gid: Number(gid), home } : undefined;
  });
}

function parseGroups(text: string): GroupEntry[] {
  return parseLines(text, ([name = "", , gid = "", members = ""]) => {
    return isId(gid) ? { name, gid: Number(gid), members: members.split(",").filter(Boolean) } : undefined;
  });
}

function parseLines<Entry>(text: string, parse: (fields: string[]) => Entry | undefined): Entry[] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => parse(line.split(":")))
    .filter((entry) => entry !== undefined);
}

function isId(text: string): boolean {
  return /^\d{1,10}$/.test(text) && Number(text) <= maxId;
}
