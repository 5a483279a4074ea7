import { createHash } from "node:crypto";
import { createReadStream, readFileSync, statSync } from "node:fs";
import { posix } from "node:path";
import { DhowError } from "../../errors.ts";
import { type Digest, parseDigest } from "../../oci/digest.ts";
import { manifestSizeLimit } from "../../oci/manifest.ts";

/** A regular file of an archive or a folder of images. */
export interface ImageFile {
  readonly path: string;
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
      return { path, sizeBytes: stats.size, isOurs: false, findDigest: () => digestOfFile(path) };
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
export function readFileBytes({ path, sizeBytes }: ImageFile, name: string): Buffer {
  if (sizeBytes > manifestSizeLimit) throw damaged(`${name} is larger than ${manifestSizeLimit} bytes`);
  return readFileSync(path);
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
