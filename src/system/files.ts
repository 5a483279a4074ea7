import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { DhowError } from "../errors.ts";

export interface WriteOptions {
  /** Permission bits of the new file. */
  readonly mode?: number;
}

let counter = 0;

/**
 * Writes a file so that any reader, also after a crash, sees either the old or the new content.
 * The inode changes: do not use it for a file that is bind-mounted into a container.
 */
export function writeFileAtomic(path: string, content: string | Uint8Array, { mode = 0o600 }: WriteOptions = {}): void {
  const temporary = `${path}.${process.pid}-${counter++}.tmp`;
  const file = openSync(temporary, "wx", mode);
  try {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    for (let offset = 0; offset < bytes.length; ) offset += writeSync(file, bytes, offset);
    fsyncSync(file);
    closeSync(file);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
}

/** Makes the renames and unlinks in a directory durable. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/**
 * Creates a directory (and its parents) that only its owner may enter.
 * @throws {DhowError} `permission-denied` if the directory exists and belongs to somebody else.
 */
export function ensurePrivateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const { uid } = statSync(path);
  if (uid !== process.geteuid?.()) {
    throw new DhowError(`directory ${path} belongs to uid ${uid}, not to you`, { kind: "permission-denied" });
  }
}
