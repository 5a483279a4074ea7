import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { type AttachSocket, connectAttachSocket } from "../runtime/attach-socket.ts";
import { withdrawAttendance } from "../runtime/attendant.ts";
import { readExit, waitForExit } from "../runtime/exit.ts";
import type { Created } from "../runtime/launch.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import type { ProcessIdentity } from "../system/clock.ts";
import { libc } from "../system/libc.ts";
import { catchSignals, sendSignal } from "../system/signals.ts";
import { type AttachedStreams, connectStreams, type StreamChoice, sendWindowSize } from "./attach-streams.ts";
import { beginStart, type Starting } from "./begin-start.ts";
import { mayRestart } from "./cleanup.ts";
import { removeRecorded, settleEnd } from "./end.ts";
import { recordEvent } from "./record-event.ts";
import { getSettled, startDependencies } from "./start.ts";
import { isRunning } from "./state.ts";

export interface ForegroundOptions extends StreamChoice {
  /** Passes the signals that this process gets on to the container. */
  readonly proxySignals: boolean;
  /** Descriptors of this process above 2 that the container's process gets, under the same numbers. */
  readonly preserveFds?: readonly number[];
  /** Called when the program runs. */
  onStarted?(): void;
}

/** As podman has it. */
const unknownExitCode = -1;

/** How a foreground run ended, and with which exit code. */
export type ForegroundEnd =
  | { readonly kind: "exited"; readonly exitCode: number }
  /** The user pressed the detach keys; the container runs on. */
  | { readonly kind: "detached" }
  /** Nobody reads our stdout; the container runs on. */
  | { readonly kind: "broken-pipe" };

/**
 * Starts a container with this process's standard streams and waits for its end; then it is cleaned up, and with --rm
 * removed. Everything is cleaned up too if this process is killed: by the monitor, or by the next command.
 *
 * @throws {DhowError} 126 or 127 if its program cannot be invoked.
 */
export async function startAttached(
  engine: Engine,
  nameOrId: string,
  options: ForegroundOptions,
): Promise<ForegroundEnd> {
  const { id, config } = engine.containers.get(nameOrId);
  await startDependencies(engine, config);
  const proxy = proxySignals(options.proxySignals);
  try {
    const run = await engine.containers.withLock(id, async () => {
      const record = await getSettled(engine, id);
      if (isRunning(record.state)) throw alreadyRunning(record);
      if (record.restartCount !== 0) engine.containers.update(id, { restartCount: 0 });
      const starting = beginStart(engine, record, options);
      return connectAndGo(engine, { record, starting, options, proxy });
    });
    const end = await watch(engine, id, run);
    if (config.pod && end.kind === "exited" && run.attends) {
      await (await import("./stop.ts")).stopPodIfDone(engine, { id, config });
    }
    return end;
  } finally {
    proxy.end();
  }
}

interface Run {
  readonly created: Created;
  /** Undefined with the log driver `passthrough`: the container has our streams itself. */
  readonly streams: AttachedStreams | undefined;
  /** Whether this process cleans up. */
  readonly attends: boolean;
}

interface GoRequest {
  readonly record: ContainerRecord;
  readonly starting: Starting;
  readonly options: ForegroundOptions;
  readonly proxy: SignalProxy;
}

async function connectAndGo(engine: Engine, { record, starting, options, proxy }: GoRequest): Promise<Run> {
  const directory = engine.containers.runDirectory(record.id);
  const attends = !mayRestart(record.config);
  let streams: AttachedStreams | undefined;
  try {
    const passthrough = record.config.log.driver === "passthrough";
    const created = await starting.create(() => {
      if (!passthrough) libc();
    });
    if (!attends) withdrawAttendance(directory);
    if (!passthrough) streams = connect(connectAttachSocket(directory), directory, options);
    await starting.go(created);
    proxy.begin(created.init);
    recordEvent(engine, record, "attach");
    options.onStarted?.();
    return { created, streams, attends };
  } catch (error) {
    await streams?.release();
    await starting.undo(error);
    throw error;
  }
}

function connect(socket: AttachSocket, directory: string, options: ForegroundOptions): AttachedStreams {
  if (options.terminal) sendWindowSize(directory);
  return connectStreams(socket, { directory, choice: options });
}

async function watch(engine: Engine, id: string, { created, streams, attends }: Run): Promise<ForegroundEnd> {
  const directory = engine.containers.runDirectory(id);
  const end = await endOf(streams);
  if (end !== "closed") {
    if (attends) await leaveToMonitor(engine, id);
    return { kind: end };
  }
  // A program may close its streams and run on.
  const exit = await waitForExit(directory, created);
  if (!attends) return { kind: "exited", exitCode: exit?.code ?? unknownExitCode };
  const exitCode = await engine.containers.withLock(id, async () => {
    const record = engine.containers.find(id);
    if (!record) return undefined;
    if (isRunning(record.state)) return (await settleEnd(engine, record))?.exitCode;
    if (record.config.autoRemove) await removeRecorded(engine, record);
    return record.exitCode;
  });
  return { kind: "exited", exitCode: exit?.code ?? exitCode ?? unknownExitCode };
}

async function endOf(streams: AttachedStreams | undefined): Promise<"closed" | "detached" | "broken-pipe"> {
  if (!streams) return "closed";
  try {
    return await streams.ended;
  } finally {
    await streams.release();
  }
}

/**
 * From now on it is the monitor that has the container cleaned up. If it ended while this process still was to do it,
 * that is done here.
 */
export async function leaveToMonitor(engine: Engine, id: string): Promise<void> {
  const runDirectory = engine.containers.runDirectory(id);
  withdrawAttendance(runDirectory);
  if (!readExit(runDirectory)) return;
  await engine.containers.withLock(id, async () => {
    const record = engine.containers.find(id);
    if (!record || !isRunning(record.state)) return;
    await settleEnd(engine, record);
  });
}

/** Passes signals on. What comes before there is a process to get it is kept. */
export interface SignalProxy {
  begin(init: ProcessIdentity): void;
  end(): void;
}

export function proxySignals(enabled: boolean): SignalProxy {
  if (!enabled) return { begin: () => undefined, end: () => undefined };
  const early: NodeJS.Signals[] = [];
  let target: ProcessIdentity | undefined;
  const stop = catchSignals((signal) => {
    if (target) sendSignal(target.pid, signal);
    else early.push(signal);
  });
  return {
    begin(init) {
      target = init;
      for (const signal of early) sendSignal(init.pid, signal);
    },
    end: stop,
  };
}

function alreadyRunning({ id }: ContainerRecord): DhowError {
  return new DhowError(`container ${id} is already running: container state improper`, { kind: "conflict" });
}
