import { constants, ftruncateSync, openSync, writeSync } from "node:fs";
import { errnoOf } from "../../errors.ts";
import { type BytePath, toSystemPath } from "./byte-path.ts";
import type { SparseMap } from "./sparse.ts";

/** A regular file that is being written. */
export interface OpenFile {
  readonly fd: number;
  write(chunk: Buffer): void;
  /** Gives the file its full size, holes included. The descriptor stays open. */
  finish(): void;
}

const createFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Creates a file; what has its name is removed first, never written to (it may be a link).
 * @param clear Removes what is there.
 */
export function createFile(path: BytePath, mode: number, sparse: SparseMap | undefined, clear: () => void): OpenFile {
  const fd = createExclusively(path, mode, clear);
  return sparse ? sparseFile(fd, sparse) : plainFile(fd);
}

function createExclusively(path: BytePath, mode: number, clear: () => void): number {
  const systemPath = toSystemPath(path);
  try {
    return openSync(systemPath, createFlags, mode & 0o777);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    clear();
    return openSync(systemPath, createFlags, mode & 0o777);
  }
}

function plainFile(fd: number): OpenFile {
  return {
    fd,
    write(chunk) {
      for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
    },
    finish: () => {},
  };
}

function sparseFile(fd: number, { realSize, segments }: SparseMap): OpenFile {
  let index = 0;
  let done = 0;
  return {
    fd,
    write(chunk) {
      for (let at = 0; at < chunk.length; ) {
        const segment = segments[index];
        if (!segment) return;
        const count = Math.min(segment.size - done, chunk.length - at);
        const written = writeSync(fd, chunk, at, count, segment.offset + done);
        at += written;
        done += written;
        if (done === segment.size) {
          index++;
          done = 0;
        }
      }
    },
    finish: () => ftruncateSync(fd, realSize),
  };
}
