import type { PasswdConfig } from "../../model/container-config.ts";
import { readInRoot } from "./rootfs-path.ts";
import type { ResolvedUser } from "./user.ts";

const maxFileBytes = 4 << 20;

export interface DatabaseRequest {
  readonly user: Pick<ResolvedUser, "uid" | "gid" | "known">;
  readonly passwd: PasswdConfig;
  /** The home of users that the image does not know. */
  readonly home: string;
}

/** The image's files with what is added; undefined leaves the image's own. */
export interface UserDatabase {
  readonly passwd: string | undefined;
  readonly group: string | undefined;
}

/**
 * Completes the image's user database, so that programs find a name and a home for themselves, as podman does. An image
 * without one gets none.
 */
export function completeUserDatabase(rootfs: string, { user, passwd, home }: DatabaseRequest): UserDatabase {
  if (!passwd.enabled) return { passwd: undefined, group: undefined };
  const lines = readInRoot(rootfs, "/etc/passwd", maxFileBytes);
  const groups = readInRoot(rootfs, "/etc/group", maxFileBytes);
  return {
    passwd: lines === undefined ? undefined : withLines(lines, newUsers(lines, { user, passwd, home })),
    group: groups === undefined ? undefined : withLines(groups, newGroups(groups, { user, passwd, home })),
  };
}

function newUsers(text: string, { user, passwd, home }: DatabaseRequest): string[] {
  const { uid, gid } = user;
  const added = passwd.hostUsers
    .map((line) => fill(line, { HOME: home }))
    .filter((line) => !hasId(text, fieldOf(line, 2)));
  if (passwd.passwdEntry !== undefined) {
    const [own] = added.filter((line) => fieldOf(line, 2) === `${uid}`);
    const name = own === undefined ? `${uid}` : fieldOf(own, 0);
    const values = { USERNAME: name, UID: `${uid}`, GID: `${gid}`, NAME: "container user", HOME: home };
    return [...added.filter((line) => line !== own), fill(passwd.passwdEntry, values)];
  }
  const isKnown = user.known || added.some((line) => fieldOf(line, 2) === `${uid}`);
  return isKnown ? added : [...added, `${uid}:*:${uid}:${gid}:container user:${home}:/bin/sh`];
}

/** A group that the image does not know is named by its number; root's is never missed. */
function newGroups(text: string, { user: { gid, known }, passwd: { groupEntry } }: DatabaseRequest): string[] {
  if (groupEntry !== undefined) return [fill(groupEntry, { GROUPNAME: `${gid}`, GID: `${gid}`, USERLIST: "" })];
  return known || gid === 0 || hasId(text, `${gid}`) ? [] : [`${gid}:x:${gid}:`];
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\$(\w+)/g, (whole, name: string) => values[name] ?? whole).replaceAll("\\n", "\n");
}

function hasId(text: string, id: string): boolean {
  return text.split("\n").some((line) => fieldOf(line, 2) === id);
}

function fieldOf(line: string, index: number): string {
  return line.split(":", index + 1)[index] ?? "";
}

function withLines(text: string, lines: readonly string[]): string | undefined {
  if (lines.length === 0) return undefined;
  const separator = text === "" || text.endsWith("\n") ? "" : "\n";
  return `${text}${separator}${lines.map((line) => line.replace(/\n*$/, "\n")).join("")}`;
}
