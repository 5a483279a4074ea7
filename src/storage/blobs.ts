import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { DhowError, errnoOf } from "../errors.ts";
import { type Digest, digestHex, isDigest } from "../oci/digest.ts";
import { syncDirectory, writeFileAtomic } from "../system/files.ts";
import { sha256 } from "./hash.ts";
import type { Leases } from "./leases.ts";
import { newTemporaryPath, ownedTemporaryPath, readdirOrEmpty } from "./temporary.ts";

/** Content-addressed files: `blobs/sha256/HEX`. Whatever has its final name was verified and is complete. */
export interface BlobStore {
  /** The absolute path that the blob has or would have. */
  path(digest: Digest): string;
  /** The size in bytes, or undefined if it is not stored. */
  findSize(digest: Digest): number | undefined;
  /** @throws {DhowError} `not-found`. Verified against its digest: `corrupt`. For manifests and configs, not for layers. */
  read(digest: Digest): Buffer;
  /** Stores small content; idempotent. Garbage collection spares it as long as this process lives. */
  put(content: Uint8Array): Digest;
  /**
   * The private file that collects a blob while it is downloaded, in the same file system as its final place; it survives
   * for resuming as long as the same process lives and is collected as garbage after that.
   */
  partialPath(digest: Digest): string;
  /**
   * Moves a file whose digest the caller has just computed to its final place, durably. Idempotent.
   * Garbage collection spares it as long as this process lives.
   */
  adopt(partialPath: string, digest: Digest): void;
  remove(digest: Digest): void;
  list(): Digest[];
}

/**
 * @param elsewhere The data folders of stores that are only read: blobs that are missing here are looked for there.
 */
export function openBlobs(
  dataDirectory: string,
  leases: Leases,
  elsewhere: () => readonly string[] = () => [],
): BlobStore {
  const directory = `${dataDirectory}/blobs/sha256`;
  const path = (digest: Digest) => `${directory}/${digestHex(digest)}`;
  const findPath = (digest: Digest): string => {
    const own = path(digest);
    if (sizeOf(own) !== undefined) return own;
    const others = elsewhere().map((store) => `${store}/blobs/sha256/${digestHex(digest)}`);
    return others.find((other) => sizeOf(other) !== undefined) ?? own;
  };
  /** The lease comes before the look whether the blob is there: from then on nobody removes it. */
  const claim = (digest: Digest): boolean => {
    leases.take([digest]);
    return sizeOf(path(digest)) !== undefined;
  };

  return {
    path: findPath,
    findSize: (digest) => sizeOf(findPath(digest)),
    read: (digest) => readVerified(findPath(digest), digest),
    put(content) {
      const digest = sha256(content);
      if (claim(digest)) return digest;
      const temporary = newTemporaryPath(dataDirectory);
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      writeFileAtomic(temporary, content);
      renameSync(temporary, path(digest));
      syncDirectory(directory);
      return digest;
    },
    partialPath: (digest) => ownedTemporaryPath(dataDirectory, `${digestHex(digest)}-partial`),
    adopt(partialPath, digest) {
      if (claim(digest)) {
        rmSync(partialPath, { force: true });
        return;
      }
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      syncFile(partialPath);
      renameSync(partialPath, path(digest));
      syncDirectory(directory);
    },
    remove: (digest) => rmSync(path(digest), { force: true }),
    list: () =>
      readdirOrEmpty(directory)
        .map((hex) => `sha256:${hex}`)
        .filter(isDigest),
  };
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

function readVerified(path: string, digest: Digest): Buffer {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (cause) {
    if (errnoOf(cause) !== "ENOENT") throw cause;
    throw new DhowError(`blob ${digest} is not stored`, { kind: "not-found", cause });
  }
  if (sha256(content) !== digest) {
    throw new DhowError(`stored blob ${digest} has changed on disk`, {
      kind: "corrupt",
      hint: `remove the file ${path} and pull the image again`,
    });
  }
  return content;
}

function syncFile(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
