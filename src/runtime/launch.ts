import { readFileSync, statSync } from "node:fs";
import { uptime } from "node:os";
import type { Readable, Writable } from "node:stream";
import { DhowError } from "../errors.ts";
import { identifyProcess, type ProcessIdentity } from "../system/clock.ts";
import { childEnvironment } from "../system/environment.ts";
import { shellQuote, startProgram } from "../system/process.ts";
import { type MonitorRequest, monitorCommand, runtimeArguments } from "./conmon.ts";
import { runFiles } from "./files.ts";
import { splitLines } from "./lines.ts";
import { startMonitorWithFds } from "./monitor-with-fds.ts";
import { runtimeError } from "./runtime-error.ts";

type Command = readonly [string, ...string[]];

export interface LaunchRequest extends MonitorRequest {
  /** Mounts the root filesystem; run first. */
  readonly mount: { readonly commands: readonly Command[]; readonly cwd: string };
  /** Makes the network namespace; done before the runtime creates the container, which joins it. */
  readonly network: readonly Command[];
  /** Descriptors of this process above 2 that the container's process gets, under the same numbers. */
  readonly preserveFds: readonly number[];
  /** Connects the network namespace, beside the runtime's work; done before the container's program runs. */
  readonly connect: Command | undefined;
  /** Runs the container's health check from the start of its program on; ends when the monitor lets go of its lock. */
  readonly healthTimer: Command | undefined;
  /** Why one of those failed, given what it said. */
  readonly networkError: (output: string) => DhowError;
}

/** A container that has been created by the runtime and waits to be started. */
export interface Created {
  readonly init: ProcessIdentity;
  readonly monitor: ProcessIdentity | undefined;
}

/** A start on its way, step by step. Each step's failure ends it; call `abandon` then, too. */
export interface Launch {
  /** Fulfilled when the root filesystem is mounted. @throws {DhowError} `unavailable`. */
  readonly mounted: Promise<void>;
  /**
   * Lets the runtime create the container from config.json.
   * When it is fulfilled, the container's process exists and its attach socket listens.
   * @throws {DhowError} What the runtime said; 126 or 127 if the program cannot be invoked.
   */
  create(): Promise<Created>;
  /** Lets the container's program run. @throws {DhowError} as `create`. */
  start(): Promise<void>;
  /** Leaves the created container as it is, for somebody who starts it later. @throws {DhowError} as `create`. */
  leave(): Promise<void>;
  /** Lets go of what there is: the runtime deletes a created container; mounts and network stay. Idempotent. */
  abandon(): Promise<void>;
}

const mountFailed = 61;
const networkFailed = 62;

/**
 * Starts one sh script that mounts, makes the network, starts the monitor and starts the container, each at this
 * process's word: a program started from here rather than from sh would cost a millisecond more.
 * If this process dies in between, the script deletes the container.
 */
export function launchContainer(request: LaunchRequest): Launch {
  const passthrough = request.log.driver === "passthrough";
  const child = startProgram(["/bin/sh", "-c", launchScript(request)], {
    stdio: ["pipe", "pipe", "pipe", "pipe", ...(passthrough ? [0, 1, 2] : [])],
    // A session of its own: Ctrl-C at the terminal is for the container, by the signals that this process passes on.
    detached: true,
    env: { ...childEnvironment(), _OCI_SYNCPIPE: "3" },
  });
  const [words, messages, stderr, syncPipe] = child.stdio as unknown as [Writable, Readable, Readable, Readable];
  // A script that has failed does not listen; what it said on stderr tells why.
  words.on("error", () => undefined);
  const errors = collect(stderr);
  const exited = new Promise<number>((resolve, reject) => {
    child.once("error", (cause) => reject(new DhowError("cannot start /bin/sh", { kind: "unavailable", cause })));
    child.once("exit", (code) => resolve(code ?? killed));
  });
  const finished = Promise.all([exited, errors]);
  finished.catch(() => undefined);
  const fail = async (): Promise<never> => {
    words.end();
    const [code, text] = await finished;
    throw launchError(request, code, text);
  };
  const finishWith = async (word: string): Promise<void> => {
    words.end(`${word}\n`);
    const [code, text] = await finished;
    if (code !== 0) throw launchError(request, code, text);
  };
  const said = splitLines(messages);
  const mounted = said.next().then((line) => (line === undefined ? fail() : undefined));
  mounted.catch(() => undefined);
  /** The script cannot pass on descriptors with more than one digit: their monitor is started from here. */
  const createWithFds = async (): Promise<string | undefined> => {
    if ((await said.next()) === undefined) return fail();
    const monitor = startMonitorWithFds(request);
    const { code, output } = await monitor.ended;
    if (code !== 0) {
      words.end();
      await finished;
      throw launchError(request, code, output);
    }
    words.write("created\n");
    return monitor.report;
  };
  return {
    mounted,
    async create() {
      words.write("create\n");
      const report = await (request.preserveFds.length > 0 ? createWithFds() : splitLines(syncPipe).next());
      // The monitor keeps its end open as long as it lives.
      syncPipe.destroy();
      if (report === undefined) return fail();
      return readReport(request, report);
    },
    async start() {
      await finishWith("start");
    },
    async leave() {
      await finishWith("leave");
    },
    async abandon() {
      words.end();
      syncPipe.destroy();
      await finished;
    },
  };
}
const killed = 137;

function launchScript(request: LaunchRequest): string {
  const runtime = shellQuote([request.tools.runtime, ...runtimeArguments(request)]);
  const id = shellQuote([request.id]);
  const { mount, network, connect, log, healthTimer, preserveFds } = request;
  // Whatever ends the script early: nothing of the network comes up after it, when nobody would take it down.
  const waitForNetwork = connect ? "wait $connecting; " : "";
  // With the standard streams of the container, or with none; its own stderr is where conmon complains about its arguments.
  const passed = log.driver === "passthrough";
  const streams = passed ? "<&4 >&5 2>&6" : "</dev/null >/dev/null";
  return [
    // A run folder that is gone was cleaned up by somebody who found us dead.
    `echo $$ >${shellQuote([runFiles(request.runDirectory).scriptPidFile])} || exit`,
    ...(mount.commands.length > 0 ? [`cd ${shellQuote([mount.cwd])} || exit ${mountFailed}`] : []),
    ...mount.commands.map((command) => `${shellQuote(command)} >&2 || exit ${mountFailed}`),
    "cd /",
    "echo mounted",
    ...(preserveFds.length > 0 ? [] : ["exec >&-"]),
    ...network.map((command) => `${shellQuote(command)} </dev/null >&2 3>&- || exit ${networkFailed}`),
    ...(connect ? [`${shellQuote(connect)} </dev/null >&2 3>&- & connecting=$!`] : []),
    `read -r word || { ${waitForNetwork}exit 0; }`,
    ...(preserveFds.length > 0
      ? ["echo create; exec >&-", `read -r word || { ${waitForNetwork}exit 0; }`]
      : [
          ...(healthTimer ? [`exec 9>${shellQuote([runFiles(request.runDirectory).alive])}; flock -n 9`] : []),
          `${shellQuote(monitorCommand(request))} ${streams} || { code=$?; ${waitForNetwork}exit $code; }`,
        ]),
    "exec 3>&-",
    // Whoever asked for the container died or gave up: nobody will ever start it.
    `read -r word || { ${waitForNetwork}${waitForCreation(request)}${runtime} delete --force ${id} 2>/dev/null; exit; }`,
    ...(connect ? [`wait $connecting || { ${runtime} delete --force ${id} 2>/dev/null; exit ${networkFailed}; }`] : []),
    '[ "$word" = start ] || exit 0',
    ...(healthTimer
      ? [
          ...(preserveFds.length > 0 ? [] : ["exec 9>&-"]),
          `${shellQuote(healthTimer)} </dev/null >/dev/null 2>&1 ${passed ? "4<&- 5<&- 6<&-" : ""} &`,
        ]
      : []),
    `exec ${runtime} start ${id} >/dev/null`,
  ].join("\n");
}

/** The monitor answers before the runtime has created the container: until then there is nothing that could be deleted. */
function waitForCreation({ runDirectory }: LaunchRequest): string {
  const { pidFile, monitorPidFile } = runFiles(runDirectory);
  const [init, monitor] = [shellQuote([pidFile]), shellQuote([monitorPidFile])];
  return `n=100; read -r monitor <${monitor}; while [ $n -gt 0 ] && [ ! -s ${init} ] && kill -0 "$monitor"; do sleep 0.1; n=$((n - 1)); done 2>/dev/null; `;
}

function readReport({ tools, runDirectory }: LaunchRequest, report: string): Created {
  const { data, message } = JSON.parse(report) as { data: number; message?: string };
  const init = data > 0 ? identifyProcess(data) : undefined;
  if (init === undefined) {
    throw runtimeError(tools.runtimeName, message ?? "the container's process ended before it was started");
  }
  return { init, monitor: findLeftovers(runDirectory).monitor };
}

function launchError({ name, tools, networkError }: LaunchRequest, code: number, text: string): DhowError {
  const reason = text.trim() || "no reason given";
  if (code === mountFailed) {
    return new DhowError(`cannot mount the root filesystem of container ${name}: ${reason}`, { kind: "unavailable" });
  }
  if (code === networkFailed) return networkError(text);
  if (/^(\[conmon|conmon:)/.test(reason)) {
    return new DhowError(`conmon failed: ${reason}`, { kind: "unavailable" });
  }
  return runtimeError(tools.runtimeName, text);
}

/** The processes that the pid files in a run folder name, as far as they still run. */
export interface Leftovers {
  /** The script that starts the container. It ends by itself when whoever started it is dead. */
  readonly script: ProcessIdentity | undefined;
  readonly init: ProcessIdentity | undefined;
  readonly monitor: ProcessIdentity | undefined;
}

export function findLeftovers(runDirectory: string): Leftovers {
  const { scriptPidFile, pidFile, monitorPidFile } = runFiles(runDirectory);
  return {
    script: identifyFromFile(scriptPidFile),
    init: identifyFromFile(pidFile),
    monitor: identifyFromFile(monitorPidFile),
  };
}

function identifyFromFile(path: string): ProcessIdentity | undefined {
  try {
    const identity = identifyProcess(Number(readFileSync(path, "latin1")));
    // A process that started after its pid was written down is another one.
    return identity && startedAt(identity) <= statSync(path).mtimeMs + 1000 ? identity : undefined;
  } catch {
    return undefined;
  }
}

/** In milliseconds since 1970. The kernel counts start times in hundredths of a second. */
function startedAt({ startTime }: ProcessIdentity): number {
  return Date.now() - uptime() * 1000 + Number(startTime) * 10;
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
