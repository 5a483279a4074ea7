import { closeSync, fstatSync, openSync, readSync, statSync, watch } from "node:fs";
import type { Engine } from "../engine.ts";
import { DhowError, errnoOf } from "../errors.ts";
import { findTail, type LogLine, lineSplitter, logTimeMs, parseLogLine } from "../runtime/log-lines.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { logPath } from "./begin-start.ts";
import { isGone } from "./end.ts";
import { isLive } from "./state.ts";

export type { LogLine };

export interface LogOptions {
  /** Goes on until the container ends. */
  readonly follow: boolean;
  /** Only that many lines at the end; undefined for all. */
  readonly tail: number | undefined;
  /** Milliseconds since 1970. */
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
}

const chunkSize = 262_144;
/** inotify tells of new lines at once; this is for the container's end. */
const pollMs = 100;

/**
 * Hands out the lines of a container's log, in their order.
 *
 * @param show Gets the lines that there are at a time; the next ones are read when it is done.
 * @throws {DhowError} `unsupported` if the container keeps no log.
 */
export async function readLogs(
  engine: Pick<Engine, "containers">,
  record: ContainerRecord,
  options: LogOptions & { show(lines: readonly LogLine[]): Promise<void> },
): Promise<void> {
  const { driver } = record.config.log;
  if (driver !== "k8s-file") {
    throw new DhowError(
      `this container is using the '${driver}' log driver, cannot read logs: this container is not logging output`,
      { kind: "unsupported" },
    );
  }
  const path = logPath(engine, record);
  const reader = await openLog(engine, { record, path }, options);
  if (!reader) return;
  try {
    await copyLines(engine, { record, path, reader }, options);
  } finally {
    reader.close();
  }
}

interface LogReader {
  /** All lines that were completed since the last call, at most some hundred kilobytes of them. */
  next(): Buffer[];
  /** Goes over to the file that has taken the place of this one, if one has. */
  reopen(): boolean;
  close(): void;
}

interface Source {
  readonly record: ContainerRecord;
  readonly path: string;
}

/** @returns Undefined if there is no log, because the container never ran. */
async function openLog(engine: Pick<Engine, "containers">, { record, path }: Source, options: LogOptions) {
  for (;;) {
    try {
      return logReader(path, options.tail);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
    if (!options.follow || !stillRuns(engine, record.id)) return undefined;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

function logReader(path: string, tail: number | undefined): LogReader {
  let fd = openSync(path, "r");
  let position = tail === undefined ? 0 : findTail(fd, fstatSync(fd).size, tail);
  let split = lineSplitter();
  const chunk = Buffer.allocUnsafe(chunkSize);
  return {
    next() {
      const size = readSync(fd, chunk, 0, chunkSize, position);
      position += size;
      return size === 0 ? [] : split(chunk.subarray(0, size)).map((line) => Buffer.from(line));
    },
    reopen() {
      const current = statSync(path, { throwIfNoEntry: false });
      const opened = fstatSync(fd);
      if (!current || (current.ino === opened.ino && opened.size >= position)) return false;
      closeSync(fd);
      fd = openSync(path, "r");
      position = 0;
      split = lineSplitter();
      return true;
    },
    close: () => closeSync(fd),
  };
}

async function copyLines(
  engine: Pick<Engine, "containers">,
  { record, path, reader }: Source & { readonly reader: LogReader },
  options: LogOptions & { show(lines: readonly LogLine[]): Promise<void> },
): Promise<void> {
  const isWanted = timeFilter(options);
  for (;;) {
    // Asked before reading: what is written before the end is read after it.
    const goesOn = options.follow && !isOver(options) && stillRuns(engine, record.id);
    for (let raw = reader.next(); raw.length > 0; raw = reader.next()) {
      const lines = raw.map(parseLogLine).filter((line): line is LogLine => line !== undefined && isWanted(line));
      if (lines.length > 0) await options.show(lines);
    }
    if (reader.reopen()) continue;
    if (!goesOn) return;
    await waitForChange(path);
  }
}

function timeFilter({ sinceMs, untilMs }: LogOptions): (line: LogLine) => boolean {
  if (sinceMs === undefined && untilMs === undefined) return () => true;
  return ({ time }) => {
    const ms = logTimeMs(time);
    return (sinceMs === undefined || ms > sinceMs) && (untilMs === undefined || ms < untilMs);
  };
}

function isOver({ untilMs }: LogOptions): boolean {
  return untilMs !== undefined && Date.now() >= untilMs;
}

function stillRuns({ containers }: Pick<Engine, "containers">, id: string): boolean {
  const record = containers.find(id);
  return record !== undefined && isLive(record.state) && !isGone(record);
}

/** Fulfilled when the file changes, or after a while. */
function waitForChange(path: string): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(finish, pollMs);
    let watcher: ReturnType<typeof watch> | undefined;
    function finish(): void {
      clearTimeout(timer);
      watcher?.close();
      resolve();
    }
    try {
      watcher = watch(path, finish);
      watcher.on("error", finish);
    } catch {
      // The file is gone, or the user has no inotify watches left: the timer does it.
    }
  });
}
