import { readFileSync, rmSync } from "node:fs";
import type { Readable } from "node:stream";
import { startProgram } from "../system/process.ts";
import { sendSignal } from "../system/signals.ts";
import { runtimeArguments } from "./conmon.ts";
import type { ExecRequest } from "./exec.ts";

export interface ProbeRequest extends Omit<ExecRequest, "stdin" | "preserveFds"> {
  readonly timeoutMs: number;
  /** Characters of output that are wanted. */
  readonly outputLimit: number;
}

export interface ProbeResult {
  /** Undefined if the time was over: the process and its children in its session have been killed. */
  readonly exitCode: number | undefined;
  /** What it wrote to stdout and stderr, in the order of writing; or why it could not be invoked. */
  readonly output: string;
}

/** How long output is waited for that a process which has ended may have left in the pipe, or that its children hold. */
const drainMs = 200;

/** Runs a short command in a container without input, and keeps what it says. */
export async function probeContainer(request: ProbeRequest): Promise<ProbeResult> {
  const { tools, processFile, timeoutMs } = request;
  const pidFile = `${processFile}.pid`;
  const runtime = [...tools.cgroupEntry, tools.runtime, ...runtimeArguments(request)];
  const exec = ["exec", "--process", processFile, "--pid-file", pidFile, request.containerId];
  // Both streams on one pipe, which keeps their order.
  const child = startProgram(["/bin/sh", "-c", 'exec "$@" 2>&1', "probe", ...runtime, ...exec], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const output = collect(child.stdout as Readable, request.outputLimit);
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    killProbe(pidFile);
    child.kill("SIGKILL");
  }, timeoutMs);
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => resolve(code ?? (signal === "SIGKILL" ? 137 : 255)));
    });
    return { exitCode: isOver ? undefined : exitCode, output: await output() };
  } finally {
    clearTimeout(timer);
    rmSync(pidFile, { force: true });
  }
}

/** @returns What gives the text that has come until the end of the stream, or until shortly after it was asked for. */
function collect(stream: Readable, limit: number): () => Promise<string> {
  let text = "";
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    if (text.length < limit) text += chunk.slice(0, limit - text.length);
  });
  const closed = new Promise<void>((resolve) => stream.once("close", resolve));
  return async () => {
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, drainMs).unref())]);
    stream.destroy();
    return text;
  };
}

/** The runtime makes the process the leader of a group: with it go the programs that it has started. */
function killProbe(pidFile: string): void {
  try {
    const pid = Number(readFileSync(pidFile, "latin1"));
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const group = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]);
    if (group > 1 && group !== ownGroup()) sendSignal(-group, "SIGKILL");
    sendSignal(pid, "SIGKILL");
  } catch {
    // It has not begun, or has just ended.
  }
}

function ownGroup(): number {
  const stat = readFileSync("/proc/self/stat", "latin1");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]);
}
