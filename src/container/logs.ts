import type { Engine } from "../engine.ts";
import { DhowError, errnoOf } from "../errors.ts";
import { readJournal } from "../runtime/journal.ts";
import { type LogFile, openLogFile } from "../runtime/log-file.ts";
import { type LogLine, logTimeMs, parseLogLine } from "../runtime/log-lines.ts";
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
  switch (driver) {
    case "k8s-file":
    case "json-file":
      return readFile(engine, record, options);
    case "journald":
      return readEntries(engine, record, options);
    case "none":
    case "passthrough":
      throw new DhowError(
        `this container is using the '${driver}' log driver, cannot read logs: this container is not logging output`,
        { kind: "unsupported" },
      );
  }
}

type Shower = LogOptions & { show(lines: readonly LogLine[]): Promise<void> };

async function readFile(engine: Pick<Engine, "containers">, record: ContainerRecord, options: Shower): Promise<void> {
  const file = await openLog(engine, record, options);
  if (!file) return;
  const isWanted = timeFilter(options);
  try {
    for (;;) {
      // Asked before reading: what is written before the end is read after it.
      const goesOn = options.follow && !isOver(options) && stillRuns(engine, record.id);
      for (let raw = file.next(); raw.length > 0; raw = file.next()) {
        const lines = raw.map(parseLogLine).filter((line): line is LogLine => line !== undefined && isWanted(line));
        if (lines.length > 0) await options.show(lines);
      }
      if (!goesOn) return;
      await file.change();
    }
  } finally {
    file.close();
  }
}

/** @returns Undefined if there is no log, because the container never ran. */
async function openLog(
  engine: Pick<Engine, "containers">,
  record: ContainerRecord,
  options: LogOptions,
): Promise<LogFile | undefined> {
  for (;;) {
    try {
      return openLogFile(logPath(engine, record), options);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
    if (!options.follow || !stillRuns(engine, record.id)) return undefined;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
const pollMs = 100;

async function readEntries(
  engine: Pick<Engine, "containers">,
  { id }: ContainerRecord,
  options: Shower,
): Promise<void> {
  const { tail, follow } = options;
  const isWanted = timeFilter(options);
  const isDone = () => isOver(options) || !stillRuns(engine, id);
  for await (const line of readJournal({ id, tail, follow, isOver: isDone })) {
    if (isWanted(line)) await options.show([line]);
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
