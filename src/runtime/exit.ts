import { readFileSync, statSync } from "node:fs";
import { isAlive, type ProcessIdentity } from "../system/clock.ts";
import { runFiles } from "./files.ts";

/** How a container ended. */
export interface Exit {
  /** The program's exit code, or 128 + n for signal n; undefined if nobody was there to see it. */
  readonly code: number | undefined;
  readonly at: Date;
  readonly outOfMemory: boolean;
}

/** What the monitor wrote about the end of a container; undefined if it wrote nothing. */
export function readExit(runDirectory: string): Exit | undefined {
  const files = runFiles(runDirectory);
  try {
    const code = Number.parseInt(readFileSync(files.exitFile, "latin1"), 10);
    // conmon writes -1 when it does not know.
    return {
      code: code >= 0 ? code : undefined,
      at: statSync(files.exitFile).mtime,
      outOfMemory: exists(files.oomFile),
    };
  } catch {
    return undefined;
  }
}

/**
 * Waits until a container has ended.
 *
 * @param timeoutMs Undefined to wait for ever.
 * @returns Undefined when the time is over and it still runs.
 */
export async function waitForExit(
  runDirectory: string,
  { init, monitor }: { init: ProcessIdentity; monitor: ProcessIdentity | undefined },
  timeoutMs?: number,
): Promise<Exit | undefined> {
  const end = timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs;
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    const exit = readExit(runDirectory) ?? unseenExit({ init, monitor });
    if (exit) return readExit(runDirectory) ?? exit;
    const leftMs = end - Date.now();
    if (leftMs <= 0) return undefined;
    await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs, leftMs)));
  }
}
const longestPauseMs = 50;

/** The container's process is gone, and so is the monitor that should have written how it ended. */
function unseenExit({
  init,
  monitor,
}: {
  init: ProcessIdentity;
  monitor: ProcessIdentity | undefined;
}): Exit | undefined {
  if (isAlive(init) || (monitor && isAlive(monitor))) return undefined;
  return { code: undefined, at: new Date(), outOfMemory: false };
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
