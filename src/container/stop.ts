import { DhowError } from "../errors.ts";
import { parseSignal } from "../oci/signal.ts";
import { announceAttendance, findAttendant, withdrawAttendance } from "../runtime/attendant.ts";
import { waitForExit } from "../runtime/exit.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { isAlive, type ProcessIdentity } from "../system/clock.ts";
import { sendSignal } from "../system/signals.ts";
import { isGone, type LifecycleEngine, recordEnd, removeRecorded, settleEnd } from "./end.ts";
import { recordEvent } from "./record-event.ts";
import { canStop, hasEnded, isBeingRemoved, isInitialized, isPaused, isStarting } from "./state.ts";

export interface StopOptions {
  /** Before it is killed; undefined for the container's own. */
  readonly timeoutSeconds?: number | undefined;
  /** Leaves a --rm container recorded, because the caller removes it itself. */
  readonly keep?: boolean;
}

const forever = 1e9;
/** How long SIGKILL may take. */
const killTimeoutMs = 10_000;

/**
 * Stops a container: its stop signal, and after the timeout SIGKILL. A container that has ended is left as it is.
 *
 * @returns The id, and whether it ran.
 * @throws {DhowError} `not-found`; `conflict` if it never ran.
 */
export async function stopContainer(
  engine: LifecycleEngine,
  nameOrId: string,
  options: StopOptions = {},
): Promise<{ readonly id: string; readonly wasRunning: boolean }> {
  const { id } = engine.containers.get(nameOrId);
  const record = await engine.containers.withLock(id, async () => markStopping(engine, id));
  if (!record) return { id, wasRunning: false };
  const runDirectory = engine.containers.runDirectory(id);
  // The monitor need not start a dhow for the cleaning up: this one does it. Unless the CLI that ran it is still there.
  const attends = findAttendant(runDirectory) === undefined;
  if (attends) announceAttendance(runDirectory);
  try {
    const exitCode = await endProcess(engine, record, options);
    recordEvent(engine, record, "stop");
    await engine.containers.withLock(id, async () => settle(engine, id, { exitCode, keep: options.keep === true }));
  } finally {
    if (attends) withdrawAttendance(runDirectory);
  }
  return { id, wasRunning: true };
}

/**
 * Stops the infra container of a pod that ends with its last container, when that one has ended.
 * @param ended The container that has just ended, which may be gone by now.
 */
export async function stopPodIfDone(
  engine: LifecycleEngine,
  { id, config }: Pick<ContainerRecord, "id" | "config">,
): Promise<void> {
  if (config.pod?.role !== "member") return;
  const pod = engine.pods.find(config.pod.id);
  const infraId = pod?.config.infraId;
  if (pod?.config.exitPolicy !== "stop" || infraId === undefined) return;
  const others = engine.containers.listOfPod(pod.id).filter((other) => other.id !== id && other.id !== infraId);
  if (others.every((other) => isOver(other))) await stopContainer(engine, infraId);
}

function isOver(record: ContainerRecord): boolean {
  return hasEnded(record.state) || isBeingRemoved(record.state) || isGone(record);
}

/** @returns Undefined if there is nothing to stop. */
async function markStopping(engine: LifecycleEngine, id: string): Promise<ContainerRecord | undefined> {
  const record = engine.containers.find(id);
  if (!record) return undefined;
  const current = isGone(record) ? await recordEnd(engine, record) : record;
  if (isInitialized(current)) {
    await recordEnd(engine, current);
    return undefined;
  }
  if (isStarting(current.state)) throw improper(current);
  if (isPaused(current.state)) await thaw(engine, current);
  if (!canStop(current.state)) {
    if (!hasEnded(current.state)) throw improper(current);
    engine.containers.update(id, { stoppedByUser: true });
    return undefined;
  }
  return engine.containers.update(id, { state: "stopping", stoppedByUser: true });
}

/** A frozen process gets no signal but the one that kills it. */
async function thaw(engine: LifecycleEngine, record: ContainerRecord): Promise<void> {
  const { thawContainer } = await import("./pause.ts");
  try {
    thawContainer(engine, record);
  } catch (error) {
    if (!(error instanceof DhowError)) throw error;
  }
}

/** @returns The exit code that the last signal stands for, in case the monitor does not tell. */
export async function endProcess(
  engine: Pick<LifecycleEngine, "containers" | "warn">,
  record: ContainerRecord,
  { timeoutSeconds = record.config.stopTimeoutSeconds }: StopOptions = {},
): Promise<number> {
  const { init, monitor } = record;
  if (!init) return 255;
  const runDirectory = engine.containers.runDirectory(record.id);
  const watch = { init, monitor: monitor && isAlive(monitor) ? monitor : undefined };
  const seconds = timeoutSeconds < 0 ? forever : timeoutSeconds;
  if (seconds > 0) {
    const signal = parseSignal(record.config.stopSignal);
    sendSignal(init.pid, signal.number);
    if (await waitForExit(runDirectory, watch, seconds * 1000)) return 128 + signal.number;
    engine.warn(
      `StopSignal ${signal.name} failed to stop container ${record.name} in ${seconds} seconds, resorting to SIGKILL`,
    );
  }
  killIfAlive(init);
  if (!(await waitForExit(runDirectory, watch, killTimeoutMs))) {
    throw new DhowError(`cannot stop container ${record.name}: it does not end`, { kind: "unavailable" });
  }
  return 128 + 9;
}

function killIfAlive(init: ProcessIdentity): void {
  if (isAlive(init)) sendSignal(init.pid, "SIGKILL");
}

async function settle(
  engine: LifecycleEngine,
  id: string,
  { exitCode, keep }: { readonly exitCode: number; readonly keep: boolean },
): Promise<void> {
  const record = engine.containers.find(id);
  if (!record) return;
  if (canStop(record.state)) await (keep ? recordEnd : settleEnd)(engine, record, { exitCode });
  else if (record.config.autoRemove && !keep) await removeRecorded(engine, record);
}

function improper({ id, state }: ContainerRecord): DhowError {
  return new DhowError(
    `can only stop created or running containers. ${id} is in state ${state}: container state improper`,
    { kind: "conflict" },
  );
}
