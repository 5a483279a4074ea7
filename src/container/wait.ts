import { readFileSync } from "node:fs";
import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { waitForExit } from "../runtime/exit.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { exitFolder, type LifecycleEngine } from "./end.ts";
import { refreshContainers } from "./refresh.ts";
import { canStart, hasEnded, isRunning } from "./state.ts";

const recordPauseMs = 10;

/**
 * Waits until a container has ended. One that has never been started counts as ended, with exit code 0, as in podman.
 *
 * @returns Its exit code.
 */
export async function waitForContainer(engine: WaitEngine, id: string, options: WaitOptions): Promise<number> {
  for (;;) {
    const record = engine.containers.find(id);
    if (!record) return keptExitCode(engine, id) ?? unknownExitCode;
    const code = await conditionMet(engine, record, options.conditions ?? []);
    if (code !== undefined) return code;
    const pauseMs = isRunning(record.state) ? recordPauseMs : options.intervalMs;
    await new Promise((resolve) => setTimeout(resolve, Math.min(options.intervalMs, pauseMs)));
  }
}
const unknownExitCode = -1;

type WaitEngine = LifecycleEngine;

export interface WaitOptions {
  /** States, any of which ends the waiting; none means its end. */
  readonly conditions?: readonly string[];
  readonly intervalMs: number;
}

/** @returns What to tell whoever waits, or undefined while there is nothing to tell. */
async function conditionMet(
  engine: WaitEngine,
  record: ContainerRecord,
  conditions: readonly string[],
): Promise<number | undefined> {
  const { state, exitCode } = record;
  if (isHealthy(record, conditions)) return -1;
  if (conditions.includes(state)) return isRunning(state) ? -1 : (exitCode ?? 0);
  if (conditions.length > 0 && !conditions.includes("stopped")) return undefined;
  // One that never ran has nothing to wait for.
  if (hasEnded(state) || canStart(state)) return exitCode ?? 0;
  if (!isRunning(state)) return undefined;
  const code = await endOf(engine, record);
  // Nobody was there to see the end: nobody else may be there to record it.
  if (code === undefined) await refreshContainers(engine, [record]);
  return code;
}

/**
 * Whether its health is what is waited for.
 * @throws {DhowError} `invalid-argument` if it has no health check; `conflict` if it has ended, and no check will come.
 */
function isHealthy({ id, config, state, healthStatus }: ContainerRecord, conditions: readonly string[]): boolean {
  const wanted = conditions.filter((condition) => condition === "healthy" || condition === "unhealthy");
  if (wanted.length === 0) return false;
  if (!config.health) {
    throw new DhowError(`cannot use condition ${JSON.stringify(wanted[0])}: container ${id} has no healthcheck`, {
      kind: "invalid-argument",
    });
  }
  if (wanted.some((condition) => condition === healthStatus)) return true;
  // One with a restart policy may come back; one that never ran may be started.
  if (hasEnded(state) && wanted.length === conditions.length && config.restart.policy === "no") {
    throw new DhowError(`container ${id} has ended: container is stopped`, { kind: "conflict" });
  }
  return false;
}

/** @returns Undefined if the monitor left no word: then the record will tell. */
async function endOf({ containers, paths }: Pick<Engine, "containers" | "paths">, record: ContainerRecord) {
  if (!record.init) return undefined;
  const exit = await waitForExit(containers.runDirectory(record.id), { init: record.init, monitor: record.monitor });
  return exit?.code ?? keptExitCode({ paths }, record.id);
}

/** The exit code of a container that was removed when it ended. */
function keptExitCode(engine: Pick<Engine, "paths">, id: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(`${exitFolder(engine)}/${id}`, "latin1"), 10);
  } catch {
    return undefined;
  }
}
