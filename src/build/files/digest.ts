import { closeSync, openSync, readFileSync, readlinkSync, readSync } from "node:fs";
import { DhowError } from "../../errors.ts";
import { type BytePath, toSystemPath } from "../../storage/unpack/byte-path.ts";
import type { SourceEntry, SourceItem } from "./select.ts";

const { createHash } = process.getBuiltinModule("node:crypto");

/** Larger files are read in parts. */
const wholeBytes = 1 << 20;
/** So many files are hashed before others get their turn. */
const batch = 200;

/**
 * Stands for the content of files: their places, types, modes, owners (where they count) and bytes, but not their times.
 * @returns Hex digits.
 */
export async function digestItems(items: readonly SourceItem[], keepsOwners: boolean): Promise<string> {
  const sum = createHash("sha256");
  const chunk = Buffer.alloc(wholeBytes);
  let count = 0;
  for (const { entries, isDirectory } of items) {
    sum.update(isDirectory ? "D\n" : "F\n");
    for (const entry of entries) {
      sum.update(describe(entry, keepsOwners), "latin1");
      sum.update(contentOf(entry, chunk), "latin1");
      if (++count % batch === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return sum.digest("hex");
}

function describe({ target, stats }: SourceEntry, keepsOwners: boolean): string {
  const owner = keepsOwners ? `${stats.uid}:${stats.gid}` : "";
  // Some file systems have no modes of links.
  const mode = stats.isSymbolicLink() ? stats.mode & 0o170000 : stats.mode;
  return `${target}\0${mode.toString(8)}\0${owner}\0`;
}

function contentOf({ path, stats }: SourceEntry, chunk: Buffer): string {
  if (stats.isFile()) return `${hashFile(path, stats.size, chunk)}\n`;
  if (stats.isSymbolicLink()) return `${readlinkSync(toSystemPath(path), { encoding: "latin1" })}\n`;
  return `${stats.rdev}\n`;
}

function hashFile(path: BytePath, size: number, chunk: Buffer): string {
  try {
    if (size <= wholeBytes)
      return createHash("sha256")
        .update(readFileSync(toSystemPath(path)))
        .digest("hex");
    return hashParts(path, chunk);
  } catch (cause) {
    throw new DhowError(`cannot read ${Buffer.from(path, "latin1")}`, { kind: "permission-denied", cause });
  }
}

function hashParts(path: BytePath, chunk: Buffer): string {
  const hash = createHash("sha256");
  const file = openSync(toSystemPath(path), "r");
  try {
    for (let count = readSync(file, chunk); count > 0; count = readSync(file, chunk))
      hash.update(chunk.subarray(0, count));
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}
