import { closeSync, openSync } from "node:fs";
import type { Readable } from "node:stream";
import { childEnvironment } from "../system/environment.ts";
import { startProgram } from "../system/process.ts";
import { type MonitorRequest, monitorCommand } from "./conmon.ts";
import { runFiles } from "./files.ts";
import { splitLines } from "./lines.ts";

export interface MonitorWithFdsRequest extends MonitorRequest {
  /** Descriptors of this process above 2; not empty. */
  readonly preserveFds: readonly number[];
  /** A container with a health check has its monitor hold a lock. */
  readonly healthTimer: readonly string[] | undefined;
}

export interface StartedMonitor {
  /** What the monitor reports about the container; undefined if it ends without a word. */
  readonly report: Promise<string | undefined>;
  /** Fulfilled when the monitor has gone into the background (0), or has failed. */
  readonly ended: Promise<{ readonly code: number; readonly output: string }>;
}

/**
 * Starts a container's monitor from this process, which alone can pass on descriptors of any number. The runtime gives the
 * container all from 3 on up to the last one that is meant; those in between that are not meant are closed.
 */
export function startMonitorWithFds(request: MonitorWithFdsRequest): StartedMonitor {
  const { preserveFds, runDirectory, log, healthTimer } = request;
  const count = Math.max(...preserveFds) - 2;
  const passed = Array.from({ length: count }, (_, index) => (preserveFds.includes(3 + index) ? 3 + index : "ignore"));
  const streams = log.driver === "passthrough" ? [0, 1, 2] : ["ignore", "ignore", "pipe"];
  const alive = healthTimer ? openSync(runFiles(runDirectory).alive, "w", 0o600) : undefined;
  // Behind those of the container, where the runtime closes them.
  const [syncFd, aliveFd] = [3 + count, 4 + count];
  const lock = alive === undefined ? [] : ["sh", "-c", `flock -n ${aliveFd}; exec "$@"`, "sh"];
  const command = [...lock, ...monitorCommand(request), "--runtime-opt", "--preserve-fds", "--runtime-opt", `${count}`];
  const child = startProgram(command as [string, ...string[]], {
    stdio: [...streams, ...passed, "pipe", ...(alive === undefined ? [] : [alive])] as never,
    detached: true,
    env: { ...childEnvironment(), _OCI_SYNCPIPE: String(syncFd) },
  });
  if (alive !== undefined) closeSync(alive);
  let output = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const syncPipe = child.stdio[syncFd] as Readable;
  return {
    // Read from now on: Node throws away what nobody has asked for when the program ends.
    report: splitLines(syncPipe)
      .next()
      .finally(() => syncPipe.destroy()),
    ended: new Promise((resolve) => {
      child.once("error", (cause) => resolve({ code: 127, output: cause.message }));
      child.once("exit", (code) => resolve({ code: code ?? 137, output }));
    }),
  };
}
