import { closeSync, fsyncSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { errnoOf } from "../errors.ts";
import { newTemporaryPath, removeAbandoned } from "./temporary.ts";

/** Enough for the log of the database while images are removed. */
const reserveBytes = 4 << 20;
const chunkBytes = 256 << 10;

/**
 * Keeps a piece of the disk for the day on which it is full: removing something takes a little room before it gives any.
 * Does nothing if the piece is there, or if there is no room for it.
 */
export function keepReserve(dataDirectory: string): void {
  const path = reservePath(dataDirectory);
  if (statSync(path, { throwIfNoEntry: false })?.size === reserveBytes) return;
  if (!fill(path, reserveBytes)) rmSync(path, { force: true });
}

/**
 * Makes room for removing things if the disk is full: first what dead processes have left goes, then the reserve.
 * Call it before the database is opened.
 */
export function makeRoom(dataDirectory: string): void {
  if (hasRoom(dataDirectory)) return;
  removeAbandoned(dataDirectory);
  if (!hasRoom(dataDirectory)) rmSync(reservePath(dataDirectory), { force: true });
}

function reservePath(dataDirectory: string): string {
  return `${dataDirectory}/reserve`;
}

/** Tried by writing: what file systems and quotas say of free space is not to be relied on. */
function hasRoom(dataDirectory: string): boolean {
  let path: string | undefined;
  try {
    path = newTemporaryPath(dataDirectory);
    return fill(path, reserveBytes / 2);
  } catch (error) {
    if (isOutOfRoom(error)) return false;
    throw error;
  } finally {
    if (path !== undefined) rmSync(path, { force: true });
  }
}

/** Writes what no file system can compress. @returns False if there is no room. */
function fill(path: string, bytes: number): boolean {
  const noise = crypto.getRandomValues(new Uint8Array(64 << 10));
  const chunk = Buffer.concat(Array.from({ length: chunkBytes / noise.length }, () => noise));
  try {
    const file = openSync(path, "w", 0o600);
    try {
      for (let written = 0; written < bytes; )
        written += writeSync(file, chunk, 0, Math.min(chunk.length, bytes - written));
      fsyncSync(file);
      return true;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (isOutOfRoom(error)) return false;
    throw error;
  }
}

/** Also said of a data folder that does not exist: there is nothing to remove, and nothing to be kept. */
function isOutOfRoom(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT", "ENOENT"].includes(errnoOf(error) ?? "");
}
