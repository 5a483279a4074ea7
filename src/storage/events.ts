import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  watch,
  writeSync,
} from "node:fs";
import { errnoOf } from "../errors.ts";
import type { Event, EventDetails } from "../model/event.ts";
import type { Database } from "./database.ts";

/**
 * The journal of what happened to containers, images and the rest. Lines are appended without a lock and without waiting
 * for the disk: each is one write, which the kernel keeps whole.
 */
export interface EventJournal {
  /** Never fails: what happened has happened, whether it can be noted or not. */
  append(event: EventDetails): void;
  /** @param from The oldest event that is kept, or the next one that happens. */
  read(from: "start" | "end"): EventReader;
}

export interface EventReader extends Disposable {
  /** The events since the last call, in the order in which they were written. */
  next(): Event[];
  /** Fulfilled when there may be more, or after that time. */
  waitForMore(timeoutMs: number): Promise<void>;
}

/** Two files of that size at most are kept: together some 30 000 events. */
const largestFile = 4 << 20;
const chunkSize = 1 << 18;

export interface EventJournalParts {
  readonly dataDirectory: string;
  readonly database: () => Database;
  /** Bytes after which a new file is begun. */
  readonly limit?: number;
}

export function openEventJournal({ dataDirectory, database, limit = largestFile }: EventJournalParts): EventJournal {
  const folder = `${dataDirectory}/events`;
  const paths = { folder, current: `${folder}/journal`, previous: `${folder}/journal.1` };
  return {
    append(event) {
      try {
        const fd = openForAppend(paths);
        try {
          writeSync(fd, encode(event));
          if (fstatSync(fd).size >= limit) database().transaction(() => rotate(paths, limit));
        } finally {
          closeSync(fd);
        }
      } catch {
        // A full disk is told by whoever needs the disk.
      }
    },
    read: (from) => openReader(paths, from),
  };
}

interface JournalPaths {
  readonly folder: string;
  readonly current: string;
  readonly previous: string;
}

function openForAppend({ folder, current }: JournalPaths): number {
  try {
    return openSync(current, "a", 0o600);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return openSync(current, "a", 0o600);
  }
}

/** In a transaction, so that of several processes only the first does it. */
function rotate({ current, previous }: JournalPaths, limit: number): void {
  const size = statSync(current, { throwIfNoEntry: false })?.size ?? 0;
  if (size >= limit) renameSync(current, previous);
}

const firstKey = '{"time":';

function encode({ type, status, id, name, ...rest }: EventDetails): string {
  return `${JSON.stringify({ time: String(nowNs()), type, status, id, name, ...rest })}\n`;
}

/** A line that a full disk cut off stands in front of the next one: what counts is the last that begins. */
function decode(line: string): Event | undefined {
  try {
    const { time, ...event } = JSON.parse(line.slice(line.lastIndexOf(firstKey))) as EventDetails & { time: string };
    return { ...event, timeNs: BigInt(time) };
  } catch {
    return undefined;
  }
}

/** The wall clock to the microsecond; only to the millisecond if it was set while this process ran. */
function nowNs(): bigint {
  const precise = performance.timeOrigin + performance.now();
  const coarse = Date.now();
  return BigInt(Math.round((Math.abs(precise - coarse) < 10 ? precise : coarse) * 1000)) * 1000n;
}

function openReader(paths: JournalPaths, from: "start" | "end"): EventReader {
  const files: LineReader[] = [];
  // The current one first: should it be put aside at this moment, nothing is missed.
  const current = openLines(paths.current);
  if (current && from === "end") current.skip();
  const previous = from === "start" ? openLines(paths.previous) : undefined;
  if (previous && previous.inode !== current?.inode) files.push(previous);
  else previous?.close();
  if (current) files.push(current);
  return {
    next() {
      const lines: string[] = [];
      for (;;) {
        for (const file of files) lines.push(...file.next());
        // The last one stays open when another takes its place: somebody may be about to write to it.
        while (files.length > 2) files.shift()?.close();
        if (isCurrent(paths, files.at(-1))) break;
        const opened = openLines(paths.current);
        if (!opened) break;
        files.push(opened);
      }
      return lines.map(decode).filter((event) => event !== undefined);
    },
    waitForMore: (timeoutMs) => waitForChange(paths.folder, timeoutMs),
    [Symbol.dispose]() {
      for (const file of files.splice(0)) file.close();
    },
  };
}

function isCurrent({ current }: JournalPaths, file: LineReader | undefined): boolean {
  return file !== undefined && statSync(current, { throwIfNoEntry: false })?.ino === file.inode;
}

interface LineReader {
  readonly inode: number;
  /** The lines that were completed since the last call. */
  next(): string[];
  /** Passes over what there is. */
  skip(): void;
  close(): void;
}

function openLines(path: string): LineReader | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY);
  } catch {
    return undefined;
  }
  let position = 0;
  let rest = Buffer.alloc(0);
  return {
    inode: fstatSync(fd).ino,
    next() {
      const lines: string[] = [];
      const chunk = Buffer.allocUnsafe(chunkSize);
      for (let size = 0; ; position += size) {
        size = readSync(fd, chunk, 0, chunkSize, position);
        if (size === 0) return lines;
        const bytes = Buffer.concat([rest, chunk.subarray(0, size)]);
        const end = bytes.lastIndexOf(0x0a) + 1;
        rest = bytes.subarray(end);
        if (end > 0) lines.push(...bytes.toString("utf8", 0, end - 1).split("\n"));
      }
    },
    skip() {
      position = fstatSync(fd).size;
    },
    close: () => closeSync(fd),
  };
}

function waitForChange(folder: string, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    let watcher: ReturnType<typeof watch> | undefined;
    const timer = setTimeout(finish, timeoutMs);
    function finish(): void {
      clearTimeout(timer);
      watcher?.close();
      resolve();
    }
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      watcher = watch(folder, finish);
      watcher.on("error", finish);
    } catch {
      // The user has no inotify watches left: the timer does it.
    }
  });
}
