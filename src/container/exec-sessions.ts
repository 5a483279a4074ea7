import { readdirSync, readFileSync } from "node:fs";
import { identifyProcess } from "../system/clock.ts";

/** The ids of the processes that `exec` has started in a container, with a monitor of their own, and that still run. */
export function listExecSessions(runDirectory: string): string[] {
  const folder = `${runDirectory}/exec`;
  try {
    return readdirSync(folder).filter((id) => hasProcess(`${folder}/${id}/pidfile`));
  } catch {
    return [];
  }
}

function hasProcess(pidFile: string): boolean {
  try {
    return identifyProcess(Number(readFileSync(pidFile, "latin1"))) !== undefined;
  } catch {
    return false;
  }
}
