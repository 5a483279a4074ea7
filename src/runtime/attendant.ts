import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { identifyProcess, isAlive, type ProcessIdentity } from "../system/clock.ts";
import { runFiles } from "./files.ts";

/** Says that this process will clean up when the container ends, so that the monitor need not start another dhow for it. */
export function announceAttendance(runDirectory: string): void {
  const self = identifyProcess(process.pid);
  if (self) writeFileSync(runFiles(runDirectory).attendant, `${self.pid} ${self.startTime}\n`, { mode: 0o600 });
}

/**
 * Takes back the announcement of this process. The container may have ended in between, and its monitor may have relied
 * on the announcement: look at the exit file after this.
 */
export function withdrawAttendance(runDirectory: string): void {
  if (findAttendant(runDirectory)?.pid === process.pid) rmSync(runFiles(runDirectory).attendant, { force: true });
}

/** The living process that will clean up after the container; undefined if there is none. */
export function findAttendant(runDirectory: string): ProcessIdentity | undefined {
  let text: string;
  try {
    text = readFileSync(runFiles(runDirectory).attendant, "latin1");
  } catch {
    return undefined;
  }
  const [pid, startTime] = text.trim().split(" ");
  const attendant = { pid: Number(pid), startTime: startTime ?? "" };
  return isAlive(attendant) ? attendant : undefined;
}
