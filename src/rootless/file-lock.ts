import { closeSync, constants, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DhowError } from "../errors.ts";
import { startProgram } from "../system/process.ts";

export interface FileLock extends Disposable {
  /** The open file. A child process that inherits it shares the lock, and keeps it until both are done with it. */
  readonly fd: number;
}

/**
 * Waits for an exclusive lock on a file, which is created if missing and never removed. The lock ends with `dispose` or
 * with this process, however it dies: flock(1) locks the open file that it shares with us, and goes.
 * @throws {DhowError} `unavailable` if flock(1) is missing or the file system cannot lock.
 */
export async function lockFile(path: string): Promise<FileLock> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  const failure = await runFlock(fd);
  if (failure !== undefined) {
    closeSync(fd);
    throw new DhowError(`cannot lock ${path}`, {
      kind: "unavailable",
      cause: failure,
      hint: "flock(1) of util-linux is needed",
    });
  }
  return {
    fd,
    [Symbol.dispose]() {
      closeSync(fd);
    },
  };
}

/** @returns What went wrong, or undefined. */
function runFlock(fd: number): Promise<Error | undefined> {
  const { promise, resolve } = Promise.withResolvers<Error | undefined>();
  const flock = startProgram(["flock", "-x", "3"], { stdio: ["ignore", "ignore", "ignore", fd] });
  flock.once("error", resolve);
  flock.once("exit", (code) => resolve(code === 0 ? undefined : new Error(`flock: exit status ${code}`)));
  return promise;
}
