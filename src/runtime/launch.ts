import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { DhowError } from "../errors.ts";
import { identifyProcess, type ProcessIdentity } from "../system/clock.ts";
import { childEnvironment } from "../system/environment.ts";
import { shellQuote, startProgram } from "../system/process.ts";
import { type MonitorRequest, monitorCommand, runtimeArguments } from "./conmon.ts";
import { runFiles } from "./files.ts";
import { runtimeError } from "./runtime-error.ts";

type Command = readonly [string, ...string[]];

export interface LaunchRequest extends MonitorRequest {
  /** Mounts the root filesystem; run first. */
  readonly mount: { readonly commands: readonly Command[]; readonly cwd: string };
  /** Makes the network; run before the monitor, because the runtime joins the namespace. */
  readonly network: readonly Command[];
}

/** A container that has been created by the runtime and waits to be started. */
export interface Created {
  readonly init: ProcessIdentity;
  readonly monitor: ProcessIdentity | undefined;
}

export interface Launch {
  /** Fulfilled when the container's process exists and its attach socket listens. @throws {DhowError} what went wrong. */
  readonly created: Promise<Created>;
  /** Lets the container's program run. @throws {DhowError} 126 or 127 if it cannot be invoked. */
  start(): Promise<void>;
  /** Lets the created container go: the runtime deletes it. Returns when it is gone. */
  abandon(): Promise<void>;
}

const mountFailed = 61;
const networkFailed = 62;

/**
 * Starts one sh script that mounts, sets up the network, starts the monitor, and then waits for the word to start the
 * container: each program started from here rather than from sh would cost a millisecond more.
 * If this process dies before it gives the word, the script deletes the container.
 */
export function launchContainer(request: LaunchRequest): Launch {
  const child = startProgram(["/bin/sh", "-c", launchScript(request)], {
    stdio: ["pipe", request.log.driver === "passthrough" ? "inherit" : "ignore", "pipe", "pipe"],
    // A session of its own: Ctrl-C at the terminal is for the container, by the signals that this process passes on.
    detached: true,
    env: { ...childEnvironment(), _OCI_SYNCPIPE: "3" },
  });
  const errors = collect(child.stderr as Readable);
  const exited = new Promise<number>((resolve, reject) => {
    child.once("error", (cause) => reject(new DhowError("cannot start /bin/sh", { kind: "unavailable", cause })));
    child.once("exit", (code) => resolve(code ?? networkFailed + 1));
  });
  const finished = Promise.all([exited, errors]);
  finished.catch(() => undefined);
  return {
    created: waitUntilCreated(request, child, finished),
    async start() {
      (child.stdin as Writable).end("start\n");
      const [code, text] = await finished;
      if (code !== 0) throw runtimeError(request.tools.runtimeName, text);
    },
    async abandon() {
      (child.stdin as Writable).end();
      await finished;
    },
  };
}

function launchScript(request: LaunchRequest): string {
  const runtime = shellQuote([request.tools.runtime, ...runtimeArguments(request)]);
  const id = shellQuote([request.id]);
  return [
    ...(request.mount.commands.length > 0 ? [`cd ${shellQuote([request.mount.cwd])} || exit ${mountFailed}`] : []),
    ...request.mount.commands.map((command) => `${shellQuote(command)} || exit ${mountFailed}`),
    ...request.network.map((command) => `${shellQuote(command)} 3>&- || exit ${networkFailed}`),
    "cd /",
    `${shellQuote(monitorCommand(request))} </dev/null || exit`,
    "exec 3>&-",
    // Whoever asked for the container died: nobody will ever start it.
    `read -r word || { ${runtime} delete --force ${id} 2>/dev/null; exit; }`,
    `exec ${runtime} start ${id}`,
  ].join("\n");
}

async function waitUntilCreated(
  request: LaunchRequest,
  child: ChildProcess,
  finished: Promise<[number, string]>,
): Promise<Created> {
  const syncPipe = child.stdio[3] as Readable;
  const report = await firstLine(syncPipe);
  // The monitor keeps its end open as long as it lives.
  syncPipe.destroy();
  if (report === undefined) {
    (child.stdin as Writable).destroy();
    const [code, text] = await finished;
    throw launchError(request, code, text);
  }
  const { data, message } = JSON.parse(report) as { data: number; message?: string };
  const init = data > 0 ? identifyProcess(data) : undefined;
  if (init === undefined) {
    (child.stdin as Writable).destroy();
    await finished;
    throw runtimeError(request.tools.runtimeName, message ?? "the container's process ended before it was started");
  }
  return { init, monitor: identifyMonitor(request.runDirectory) };
}

function launchError({ name, tools }: LaunchRequest, code: number, text: string): DhowError {
  const reason = text.trim() || "no reason given";
  if (code === mountFailed) {
    return new DhowError(`cannot mount the root filesystem of container ${name}: ${reason}`, { kind: "unavailable" });
  }
  if (code === networkFailed) {
    return new DhowError(`cannot set up the network of container ${name}: ${reason}`, { kind: "unavailable" });
  }
  if (/^(\[conmon|conmon:)/.test(reason)) {
    return new DhowError(`conmon failed: ${reason}`, { kind: "unavailable" });
  }
  return runtimeError(tools.runtimeName, text);
}

/** The monitor that conmon's pid file names; undefined if there is none or it is dead. */
export function identifyMonitor(runDirectory: string): ProcessIdentity | undefined {
  return identifyFromFile(runFiles(runDirectory).monitorPidFile);
}

/** The process that a pid file names; undefined if there is no file or no such process. */
export function identifyFromFile(path: string): ProcessIdentity | undefined {
  try {
    return identifyProcess(Number(readFileSync(path, "latin1")));
  } catch {
    return undefined;
  }
}

function firstLine(pipe: Readable): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = "";
    pipe.setEncoding("utf8");
    pipe.on("data", (chunk: string) => {
      text += chunk;
      const end = text.indexOf("\n");
      if (end >= 0) resolve(text.slice(0, end));
    });
    pipe.once("close", () => resolve(undefined));
    pipe.once("error", () => resolve(undefined));
  });
}

function collect(pipe: Readable): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    pipe.setEncoding("utf8");
    pipe.on("data", (chunk: string) => {
      text += chunk;
    });
    pipe.once("close", () => resolve(text));
  });
}
