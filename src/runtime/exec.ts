import { readFileSync, rmSync } from "node:fs";
import { startProgram } from "../system/process.ts";
import { catchSignals } from "../system/signals.ts";
import { runtimeArguments } from "./conmon.ts";
import { runtimeError } from "./runtime-error.ts";
import type { RuntimeTools } from "./tools.ts";

export interface ExecRequest {
  readonly tools: RuntimeTools;
  readonly containerId: string;
  readonly runDirectory: string;
  /** The process's spec. */
  readonly processFile: string;
  /** Whether the process gets our stdin. */
  readonly stdin: boolean;
  /** Our file descriptors above 2 that it gets. */
  readonly preserveFds: readonly number[];
}

/** Signals that a terminal sends to all processes in front: the runtime has got them already. */
const fromTerminal: readonly string[] = ["SIGINT", "SIGQUIT", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGCONT"];

/**
 * Runs a process in a container, on the standard streams of this one and without anything in between.
 *
 * @returns Its exit code; 126 or 127 if it cannot be invoked.
 */
export async function execDirectly(request: ExecRequest): Promise<number> {
  const { tools, preserveFds } = request;
  const logFile = `${request.processFile}.log`;
  // The runtime passes on all from 3 on: those that are not meant are /dev/null.
  const last = Math.max(2, ...preserveFds);
  const extra = Array.from({ length: last - 2 }, (_, index) =>
    preserveFds.includes(3 + index) ? 3 + index : "ignore",
  );
  const [file = tools.runtime, ...entry] = [...tools.cgroupEntry, tools.runtime];
  const child = startProgram(
    [
      file,
      ...entry,
      ...runtimeArguments(request),
      ...[`--log=${logFile}`, "--log-format=text"],
      "exec",
      ...["--process", request.processFile],
      ...(extra.length > 0 ? [`--preserve-fds=${extra.length}`] : []),
      request.containerId,
    ],
    { stdio: [request.stdin ? "inherit" : "ignore", "inherit", "inherit", ...extra] },
  );
  const release = catchSignals((signal) => {
    if (!fromTerminal.includes(signal)) child.kill(signal);
  });
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (exitCode, signal) => resolve(exitCode ?? (signal === "SIGKILL" ? 137 : 255)));
    });
    const complaint = code === 0 ? "" : readLog(logFile);
    // The runtime has shown it already, on the stderr that it shares with the process.
    return complaint === "" ? code : (runtimeError(tools.runtimeName, complaint).exitCode ?? code);
  } finally {
    release();
    rmSync(logFile, { force: true });
  }
}

function readLog(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
