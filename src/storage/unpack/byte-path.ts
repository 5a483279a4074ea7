import { DhowError } from "../../errors.ts";

/**
 * Paths of archives as byte strings (one character, 0 to 255, a byte): relative, without empty, `.` and `..` parts.
 * The root of the tree is "".
 */
export type BytePath = string;

/** Longer paths cannot be used in any system call. */
const maxPathBytes = 4095;

const beyondAscii = /[^\0-\x7f]/;

/** The form in which Node takes a path without changing its bytes. */
export function toSystemPath(path: BytePath): string | Buffer {
  return beyondAscii.test(path) ? Buffer.from(path, "latin1") : path;
}

export function fromSystemPath(path: string): BytePath {
  return Buffer.from(path).toString("latin1");
}

/** A byte path for a message: decoded, with control characters made visible. */
export function showPath(path: BytePath): string {
  const text = Buffer.from(path, "latin1").toString();
  return JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}...` : text);
}

/**
 * Cleans the name of an entry as Docker and Podman do: `/etc/passwd`, `./etc/passwd` and `x/../etc/passwd` are `etc/passwd`.
 * @throws {DhowError} `corrupt` if it leads out of the root, or cannot be a path.
 */
export function normalizeName(name: BytePath): BytePath {
  if (name.length > maxPathBytes || name.includes("\0")) throw invalidName(name);
  if (!needsCleaning.test(name)) return name;
  const parts: string[] = [];
  for (const part of name.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) throw invalidName(name);
  }
  return parts.join("/");
}
const needsCleaning = /^\/|\/$|\/\/|(?:^|\/)\.\.?(?:\/|$)/;

export function parentOf(path: BytePath): BytePath {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

export function baseOf(path: BytePath): BytePath {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function joinPath(parent: BytePath, name: BytePath): BytePath {
  return parent === "" ? name : `${parent}/${name}`;
}

function invalidName(name: BytePath): DhowError {
  return new DhowError(`cannot unpack layer: entry ${showPath(name)} has a name outside of the layer`, {
    kind: "corrupt",
  });
}
