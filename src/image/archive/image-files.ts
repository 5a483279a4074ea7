import { createHash } from "node:crypto";
import { closeSync, createReadStream, openSync, readSync, statSync } from "node:fs";
import { posix } from "node:path";
import { DhowError, errnoOf } from "../../errors.ts";
import { type Digest, parseDigest } from "../../oci/digest.ts";
import { manifestSizeLimit } from "../../oci/manifest.ts";

/** More entries than any image archive has: a stop for hostile ones. */
export const maximalEntries = 10_000;

/** A regular file of an archive or a folder of images. */
export interface ImageFile {
  readonly path: string;
  /** Where in the file at the path it begins. */
  readonly offset: number;
  readonly sizeBytes: number;
  /** Whether it is a copy of ours, that nobody else changes and that may be moved away. */
  readonly isOurs: boolean;
  /** Reads the file, unless that has been done. */
  findDigest(): Promise<Digest>;
}

/** The files of an archive or a folder. */
export interface ImageFiles {
  /** @param name Relative and normalised. */
  find(name: string): ImageFile | undefined;
}

/** The files of a folder, as they lie there. */
export function folderFiles(folder: string): ImageFiles {
  return {
    find(name) {
      // Names come from files that others wrote.
      const path = `${folder}${posix.normalize(`/${name}`)}`;
      const stats = statSync(path, { throwIfNoEntry: false });
      if (!stats?.isFile()) return undefined;
      return { path, offset: 0, sizeBytes: stats.size, isOurs: false, findDigest: () => digestOfFile(path) };
    },
  };
}

async function digestOfFile(path: string): Promise<Digest> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return parseDigest(`sha256:${hash.digest("hex")}`);
}

/** @throws {DhowError} `corrupt` if there is no such file. */
export function getFile(files: ImageFiles, name: string): ImageFile {
  const file = files.find(posix.normalize(`/${name}`).slice(1));
  if (!file) throw damaged(`${JSON.stringify(name)} is missing`);
  return file;
}

/** Reads a small file whole. @throws {DhowError} `corrupt` if it is not small. */
export function readFileBytes(file: ImageFile, name: string): Buffer {
  if (file.sizeBytes > manifestSizeLimit) throw damaged(`${name} is larger than ${manifestSizeLimit} bytes`);
  return readHead(file, file.sizeBytes);
}

/** The first bytes of a file, as many as there are. */
export function readHead({ path, offset, sizeBytes }: ImageFile, length: number): Buffer {
  const bytes = Buffer.alloc(Math.min(length, sizeBytes));
  const fd = openSync(path, "r");
  try {
    let read = 0;
    for (let count = -1; count !== 0 && read < bytes.length; read += count) {
      count = readSync(fd, bytes, read, bytes.length - read, offset + read);
    }
    return bytes.subarray(0, read);
  } finally {
    closeSync(fd);
  }
}

/** Where a link in an archive leads: old `docker save` writes a layer that occurs twice as a symbolic link. */
export function linkTarget(
  name: string,
  { type, linkname }: { readonly type?: string | null | undefined; readonly linkname?: string | null | undefined },
): string | undefined {
  if (linkname === undefined || linkname === null) return undefined;
  const normalise = (path: string) => posix.normalize(`/${path}`).slice(1);
  if (type === "symlink") return normalise(posix.join(posix.dirname(name), linkname));
  return type === "link" ? normalise(linkname) : undefined;
}

/** Reads a JSON file. @throws {DhowError} `corrupt`. */
export function readFileJson(file: ImageFile, name: string): unknown {
  try {
    return JSON.parse(readFileBytes(file, name).toString("utf8"));
  } catch (cause) {
    if (cause instanceof DhowError) throw cause;
    throw damaged(`${name} is not JSON`, cause);
  }
}

/** An archive or folder that is not what it should be. */
export function damaged(reason: string, cause?: unknown): DhowError {
  return new DhowError(`cannot read the archive: ${reason}`, { kind: "corrupt", cause });
}

/** @throws {DhowError} `not-found`, `permission-denied`. */
export function openExisting(path: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    const kind = errnoOf(cause) === "EACCES" ? "permission-denied" : "not-found";
    throw new DhowError(`cannot open ${path}`, { kind, cause });
  }
}
