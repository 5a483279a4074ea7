import { createReadStream, statSync } from "node:fs";
import type { Readable } from "node:stream";
import type { Engine } from "../../engine.ts";
import { newTemporaryPath, removeTree } from "../../storage/temporary.ts";
import { unpackArchive } from "./archive-files.ts";
import { folderFiles, type ImageFiles, openExisting } from "./image-files.ts";
import { indexPlainArchive } from "./plain-archive.ts";

/** The files of an archive or a folder; the copies of an archive's go when it is disposed of. */
export interface OpenFiles extends ImageFiles, Disposable {
  /** Whether they lie in a folder of the user's. */
  readonly isFolder: boolean;
}

/**
 * Opens an archive by its path, or a folder.
 * @throws {DhowError} `not-found`, `corrupt`.
 */
export async function openFiles(engine: Pick<Engine, "paths">, path: string): Promise<OpenFiles> {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    return { ...folderFiles(path), isFolder: true, [Symbol.dispose]: () => {} };
  }
  const files = statSync(path, { throwIfNoEntry: false })?.isFile() ? indexPlainArchive(path) : undefined;
  if (files === undefined) return openArchiveStream(engine, openArchive(path));
  return { ...files, isFolder: false, [Symbol.dispose]: () => {} };
}

/** Opens an archive that is read as it comes. @throws {DhowError} `corrupt`. */
export async function openArchiveStream(
  { paths }: Pick<Engine, "paths">,
  source: AsyncIterable<Buffer>,
): Promise<OpenFiles> {
  const folder = newTemporaryPath(paths.data);
  try {
    return { ...(await unpackArchive(source, folder)), isFolder: false, [Symbol.dispose]: () => removeTree(folder) };
  } catch (error) {
    removeTree(folder);
    throw error;
  }
}

/** Stdin as an archive, whether that is a file, a pipe or a socket. */
export function stdinArchive(): Readable {
  return process.stdin;
}

export function openArchive(path: string): Readable {
  const fd = openExisting(path);
  return createReadStream(path, { fd, highWaterMark: 1 << 20 });
}
