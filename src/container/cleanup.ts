import type { Engine } from "../engine.ts";
import type { ContainerConfig } from "../model/container-config.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { installationFile } from "../system/installation.ts";
import { startProgram } from "../system/process.ts";
import { isDueForRemoval, isGone, recordEnd, removeRecorded } from "./end.ts";
import { globalArguments } from "./global-arguments.ts";
import { startContainer } from "./start.ts";
import { hasEnded, isLive } from "./state.ts";

const firstRestartDelayMs = 100;
const longestRestartDelayMs = 60_000;
/** A container that ran that long is taken to have worked: the next restart is quick again. */
const healthyRunMs = 10_000;

export interface CleanupOptions {
  /** Starts the container now, after the delay of its restart policy. */
  readonly restart: boolean;
}

/**
 * Does what is due when a container has ended: records it, takes it down, removes it if it was run with --rm, or has it
 * started again. Idempotent; a container that runs, or is gone, is left alone.
 */
export async function cleanupContainer(engine: Engine, nameOrId: string, { restart }: CleanupOptions): Promise<void> {
  const id = engine.containers.find(nameOrId)?.id;
  if (id === undefined) return;
  if (restart) return restartContainer(engine, id);
  const ended = await engine.containers.withLock(id, async () => {
    const record = engine.containers.find(id);
    if (!record) return undefined;
    if (isLive(record.state) && !isGone(record)) return undefined;
    const wasLive = isLive(record.state);
    const current = wasLive ? await recordEnd(engine, record) : record;
    const restarts = wasLive && shouldRestart(current);
    if (isDueForRemoval(record.state, current) && !restarts) await removeRecorded(engine, current);
    return { record: current, restarts };
  });
  if (ended?.restarts) scheduleRestart(engine, ended.record);
  else if (ended?.record.config.pod) await (await import("./stop.ts")).stopPodIfDone(engine, ended.record);
}

/** Whether the restart policy asks for another start of a container that has ended. */
export function shouldRestart({ config, exitCode, restartCount, stoppedByUser, health }: ContainerRecord): boolean {
  const { policy, maxRetries } = config.restart;
  if (stoppedByUser) return false;
  if (health?.restartDue) return true;
  switch (policy) {
    case "no":
      return false;
    case "on-failure":
      return exitCode !== 0 && (maxRetries <= 0 || restartCount < maxRetries);
    case "always":
    case "unless-stopped":
      return true;
  }
}

/** Whether a container may be started again when it ends, so that its end is not for the CLI that runs it to settle. */
export function mayRestart({ restart, health }: ContainerConfig): boolean {
  return restart.policy !== "no" || health?.onFailure === "restart" || (health?.startup?.retries ?? 0) > 0;
}

/** How long to wait before a restart: from a tenth of a second, doubling, to a minute. */
export function restartDelayMs({ restartCount, startedAt, finishedAt }: ContainerRecord): number {
  const ranMs = startedAt && finishedAt ? finishedAt.getTime() - startedAt.getTime() : 0;
  if (ranMs >= healthyRunMs) return firstRestartDelayMs;
  return Math.min(firstRestartDelayMs * 2 ** Math.min(restartCount, 20), longestRestartDelayMs);
}

/** Sleeps the first, broken second and then whole ones, as long as the container is there; then runs the rest of its words. */
const waitScript =
  'sleep "$1"; n=$2 folder=$3; shift 3; while [ "$n" -gt 0 ] && [ -d "$folder" ]; do sleep 1; n=$((n - 1)); done; [ -d "$folder" ] && exec "$@"';

/**
 * Has a container started again after the delay that its restart policy asks for. The wait is slept by sh, which holds half a
 * megabyte, rather than by this process.
 */
export function scheduleRestart(
  engine: Pick<Engine, "containers" | "paths" | "globals">,
  record: ContainerRecord,
): void {
  const delayMs = restartDelayMs(record);
  const seconds = Math.floor(delayMs / 1000);
  const wait = [String((delayMs - seconds * 1000) / 1000), String(seconds), engine.containers.directory(record.id)];
  const command = [
    installationFile("bin/dhow"),
    ...globalArguments(engine),
    "container",
    "cleanup",
    "--restart",
    record.id,
  ];
  const waiting = startProgram(["/bin/sh", "-c", waitScript, "restart", ...wait, ...command], {
    stdio: "ignore",
    detached: true,
    cwd: "/",
  });
  waiting.unref();
}

async function restartContainer(engine: Engine, id: string): Promise<void> {
  await engine.containers.withLock(id, async () => {
    const record = engine.containers.find(id);
    // It was started, stopped or removed by somebody while we waited.
    if (!record || !hasEnded(record.state) || !shouldRestart(record)) return;
    const { restartCount } = engine.containers.update(id, { restartCount: record.restartCount + 1 });
    try {
      await startContainer(engine, id, { restartCount });
    } catch (error) {
      const failed = engine.containers.find(id);
      if (failed && shouldRestart(failed)) scheduleRestart(engine, failed);
      throw error;
    }
  });
}
