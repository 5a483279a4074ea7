import { readFileSync } from "node:fs";
import { identifyProcess } from "../system/clock.ts";

/** The program that a pid file names, if it was started with that very file of a namespace: pids are used again. */
export function findHelper({
  netns,
  pidFile,
}: {
  readonly netns: string;
  readonly pidFile: string;
}): number | undefined {
  return findProcess(pidFile, netns);
}

/** The process that a pid file names, if one of its arguments is that text. */
export function findProcess(pidFile: string, argument: string): number | undefined {
  const pid = Number(readText(pidFile).trim());
  if (!Number.isInteger(pid) || pid <= 1 || identifyProcess(pid) === undefined) return undefined;
  return readText(`/proc/${pid}/cmdline`).split("\0").includes(argument) ? pid : undefined;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
