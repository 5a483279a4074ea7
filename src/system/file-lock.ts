import { closeSync, openSync } from "node:fs";
import { DhowError } from "../errors.ts";
import { startProgram } from "./process.ts";

export interface FileLock extends Disposable {
  /** The open file. A child process that inherits it shares the lock, and keeps it until both are done with it. */
  readonly fd: number;
}

/**
 * Waits for an exclusive lock on an existing file or directory.
 * @throws {DhowError} As {@link lockOpenFile}.
 */
export function lockPath(path: string): Promise<FileLock> {
  return lockOpenFile(openSync(path, "r"), path);
}

/**
 * Waits for an exclusive lock on an open file, which is closed with it. The lock ends with `dispose` or with this process,
 * however it dies: flock(1) locks the open file that it shares with us, and goes.
 * @param path For the message.
 * @throws {DhowError} `unavailable` if flock(1) is missing or the file system cannot lock; the file is closed then.
 */
export async function lockOpenFile(fd: number, path: string): Promise<FileLock> {
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
