import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { findProgram, startProgram } from "../system/process.ts";
import type { LogLine } from "./log-lines.ts";

/** Where journald takes messages. */
const journalSocket = "/run/systemd/journal/socket";

/** Whether logs can be kept in systemd's journal here. */
export function hasJournal(): boolean {
  return existsSync(journalSocket) && findProgram("journalctl") !== undefined;
}

export interface JournalQuery {
  /** The container's. */
  readonly id: string;
  readonly tail: number | undefined;
  readonly follow: boolean;
  /** Asked when nothing has come for a while; true ends the following. */
  isOver(): boolean;
}

const idleMs = 300;
const lineFeed = 10;

/** The entries of a container in systemd's journal, in their order. */
export async function* readJournal({ id, tail, follow, isOver }: JournalQuery): AsyncGenerator<LogLine> {
  const journalctl = startProgram(
    [
      "journalctl",
      ...["--quiet", "--no-pager", "--all", "--output=json", `--lines=${tail ?? "all"}`],
      ...(follow ? ["--follow"] : []),
      `CONTAINER_ID_FULL=${id}`,
    ],
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  journalctl.on("error", () => undefined);
  let lastMs = Date.now();
  const timer = setInterval(() => {
    if (follow && Date.now() - lastMs > idleMs && isOver()) journalctl.kill();
  }, idleMs);
  try {
    for await (const text of createInterface({ input: journalctl.stdout as NodeJS.ReadableStream })) {
      lastMs = Date.now();
      const line = parseEntry(text);
      if (line) yield line;
    }
  } finally {
    clearInterval(timer);
    journalctl.kill();
  }
}

/** An entry as conmon makes it: errors by their priority, lines in parts by a field of their own. */
export function parseEntry(text: string): LogLine | undefined {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const microseconds = String(entry.__REALTIME_TIMESTAMP ?? "0");
  const { MESSAGE: message } = entry;
  // Text that is not UTF-8 comes as a list of bytes.
  const bytes = Array.isArray(message) ? Buffer.from(message as number[]) : Buffer.from(String(message ?? ""));
  const partial = entry.CONTAINER_PARTIAL_MESSAGE === "true";
  return {
    time: new Date(Number(microseconds) / 1000)
      .toISOString()
      .replace("Z", `${microseconds.slice(-3).padStart(3, "0")}000Z`),
    stream: entry.PRIORITY === "3" ? "stderr" : "stdout",
    partial,
    // conmon 2.1.12 keeps the end of the line, earlier ones do not.
    text: !partial && bytes.at(-1) === lineFeed ? bytes.subarray(0, -1) : bytes,
  };
}
