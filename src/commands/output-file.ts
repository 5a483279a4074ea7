import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { DhowError } from "../errors.ts";

/** A file that the user has named for a result. What was there before stays until the new content is complete. */
export interface OutputFile extends Disposable {
  write(bytes: Buffer): void;
  /** Call it once all is written; without it, the file is as it was. */
  publish(): void;
}

/**
 * Opens a file of that name to be written; what is no plain file (a fifo, /dev/stdout) is written to as it is.
 * @throws {DhowError} `permission-denied`, `not-found`.
 */
export function openOutputFile(path: string): OutputFile {
  const found = statSync(path, { throwIfNoEntry: false });
  const isPlain = found === undefined || found.isFile();
  const temporary = isPlain ? `${path}.${process.pid}.tmp` : path;
  const fd = open(path, temporary, isPlain ? "wx" : "w");
  let isPublished = !isPlain;
  const forget = onInterruption(() => {
    if (!isPublished) rmSync(temporary, { force: true });
  });
  return {
    write(bytes) {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    },
    publish() {
      if (!isPlain) return;
      fsyncSync(fd);
      renameSync(temporary, path);
      isPublished = true;
    },
    [Symbol.dispose]() {
      forget();
      closeSync(fd);
      if (!isPublished) rmSync(temporary, { force: true });
    },
  };
}

const interruptions = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Does something before a signal ends this process. @returns What undoes it. */
function onInterruption(act: () => void): () => void {
  const handle = (signal: NodeJS.Signals) => {
    act();
    forget();
    process.kill(process.pid, signal);
  };
  const forget = () => {
    for (const signal of interruptions) process.off(signal, handle);
  };
  for (const signal of interruptions) process.on(signal, handle);
  return forget;
}

function open(path: string, temporary: string, flags: "w" | "wx"): number {
  try {
    return openSync(temporary, flags, 0o644);
  } catch (cause) {
    const isMissing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    throw new DhowError(`cannot write ${path}`, { kind: isMissing ? "not-found" : "permission-denied", cause });
  }
}
