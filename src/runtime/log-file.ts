import { closeSync, type FSWatcher, fstatSync, openSync, readSync, statSync, watch } from "node:fs";
import { dirname } from "node:path";
import { findTail, lineSplitter } from "./log-lines.ts";

/** Reads a container's log to its present end, and goes on to the files that take its place when it has become too large. */
export interface LogFile {
  /** Lines that were completed since the last call, at most some hundred kilobytes of them; none at the present end. */
  next(): Buffer[];
  /** Fulfilled when there may be more, or after a while. */
  change(): Promise<void>;
  close(): void;
}

const chunkSize = 262_144;
/** inotify tells of new lines at once; this is for the container's end, and for users who have no watches left. */
const pollMs = 100;

/**
 * Opens a log. Files that follow it are opened as soon as they appear: the monitor throws the old ones away, and whoever reads
 * slowly may be several behind. For this to work the caller must not block the process.
 *
 * @param tail Only that many lines at the end; undefined for all.
 * @throws The system error if there is no such file.
 */
export function openLogFile(path: string, { tail, follow }: { tail: number | undefined; follow: boolean }): LogFile {
  const first = openSync(path, "r");
  // The first is being read; the others are its successors.
  const files = [first];
  let position = tail === undefined ? 0 : findTail(first, fstatSync(first).size, tail);
  let split = lineSplitter();
  const chunk = Buffer.allocUnsafe(chunkSize);
  const notice = () => {
    const successor = openSuccessor(path, files.at(-1) as number);
    if (successor !== undefined) files.push(successor);
  };
  const changes = follow ? watchFor(path, notice) : undefined;
  const goOn = () => {
    closeSync(files.shift() as number);
    position = 0;
    split = lineSplitter();
  };
  /** @returns The lines that one read has completed; undefined at the present end. */
  const readSome = (): Buffer[] | undefined => {
    // At each step: in a busy container the next file may be thrown away milliseconds later.
    if (follow) notice();
    // One that had a successor before it was read to its end will not grow any more.
    const isComplete = files.length > 1;
    const current = files[0] as number;
    const size = readSync(current, chunk, 0, chunkSize, position);
    position += size;
    if (size > 0) return split(chunk.subarray(0, size)).map((line) => Buffer.from(line));
    if (isComplete) goOn();
    else if (fstatSync(current).size < position) position = 0;
    else {
      notice();
      if (files.length === 1) return undefined;
    }
    return [];
  };
  return {
    next() {
      for (;;) {
        const lines = readSome();
        if (lines === undefined) return [];
        if (lines.length > 0) return lines;
      }
    },
    change: () => changes?.next() ?? Promise.resolve(),
    close() {
      changes?.close();
      for (const fd of files) closeSync(fd);
    },
  };
}

/** The file that is at the path now, if it is another one. */
function openSuccessor(path: string, fd: number): number | undefined {
  const now = statSync(path, { throwIfNoEntry: false });
  if (!now || now.ino === fstatSync(fd).ino) return undefined;
  try {
    return openSync(path, "r");
  } catch {
    return undefined;
  }
}

interface Changes {
  next(): Promise<void>;
  close(): void;
}

/** @param notice Called at each change in the file's folder, at once. */
function watchFor(path: string, notice: () => void): Changes {
  let wake = () => {};
  let hasChanged = false;
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(dirname(path), () => {
      notice();
      hasChanged = true;
      wake();
    });
    watcher.on("error", () => undefined);
  } catch {
    // No watches are left: polling does it, later.
  }
  notice();
  return {
    next() {
      return new Promise((resolve) => {
        const timer = setTimeout(finish, pollMs);
        function finish(): void {
          clearTimeout(timer);
          hasChanged = false;
          wake = () => {};
          resolve();
        }
        wake = finish;
        if (hasChanged) finish();
      });
    },
    close: () => watcher?.close(),
  };
}
