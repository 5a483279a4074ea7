import { once } from "node:events";
import { DhowError } from "../errors.ts";
import { startProgram } from "./process.ts";

/**
 * Runs `work` while no other process holds the lock on an existing file or directory. The lock dies with this process,
 * whatever kills it. It costs a few milliseconds: flock(1) holds it, for Node has no flock.
 * @throws {DhowError} `unavailable` if there is no flock program or the path cannot be opened.
 */
export async function withFileLock<T>(path: string, work: () => Promise<T> | T): Promise<T> {
  // cat ends when our end of the pipe is closed: by us below, or by the kernel when we are gone.
  const holder = startProgram(["flock", path, "sh", "-c", "echo locked; exec cat >/dev/null"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const ended = once(holder, "close");
  const locked = await Promise.race([
    once(holder.stdout as NodeJS.ReadableStream, "data").then(() => true),
    ended.then(() => false),
  ]).catch(() => false);
  if (!locked) {
    throw new DhowError(`cannot lock ${path}`, {
      kind: "unavailable",
      hint: "the program flock (package util-linux) is needed",
    });
  }
  try {
    return await work();
  } finally {
    holder.stdin?.end();
    await ended;
  }
}
