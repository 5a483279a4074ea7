import { constants, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { type FileLock, lockOpenFile } from "../system/file-lock.ts";

/**
 * Waits for an exclusive lock on a file, which is created if missing and never removed.
 * @throws {DhowError} As `lockOpenFile`.
 */
export function lockFile(path: string): Promise<FileLock> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return lockOpenFile(openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600), path);
}
