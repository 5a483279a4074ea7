import { lstatSync, readlinkSync, type Stats, statSync } from "node:fs";
import { DhowError } from "../../errors.ts";
import type { Located } from "./messages.ts";

const maxLinks = 40;

/**
 * Finds out what an absolute path leads to, with links followed inside of the root.
 * @param root Of a tree that nobody changes meanwhile; "" where the kernel keeps this process in the root anyway.
 * @throws {DhowError} `invalid-argument` for link loops.
 */
export function locate(path: string, root = ""): Located {
  const pending = path.split("/").reverse();
  const resolved: string[] = [];
  for (let links = 0; pending.length > 0; ) {
    const part = pending.pop();
    if (part === undefined || part === "" || part === ".") continue;
    if (part === "..") {
      resolved.pop();
      continue;
    }
    const link = readLink(`${root}/${[...resolved, part].join("/")}`);
    if (link === undefined) {
      resolved.push(part);
      continue;
    }
    if (++links > maxLinks) {
      throw new DhowError(`${JSON.stringify(path)}: too many levels of symbolic links`, { kind: "invalid-argument" });
    }
    if (link.startsWith("/")) resolved.length = 0;
    pending.push(...link.split("/").reverse());
  }
  const target = `/${resolved.join("/")}`;
  return { kind: kindOf(statSync(`${root}${target}`, { throwIfNoEntry: false })), target };
}

function readLink(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return undefined;
  }
}

/** The same kinds for the host's side. */
export function kindOf(stats: Stats | undefined): Located["kind"] {
  if (!stats) return "absent";
  if (stats.isDirectory()) return "directory";
  return stats.isFile() ? "file" : "other";
}
