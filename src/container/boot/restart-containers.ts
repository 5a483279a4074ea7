import type { Engine } from "../../engine.ts";
import type { ContainerRecord } from "../../storage/containers.ts";
import { bootId } from "../../system/clock.ts";
import { shouldRestart } from "../cleanup.ts";
import { refreshContainers } from "../refresh.ts";
import { startContainer } from "../start.ts";
import { hasEnded } from "../state.ts";

export interface RestartOptions {
  /** Pauses between the attempts: shortly after a boot the network may not be there yet. */
  readonly pausesMs?: readonly number[];
  /** Called for each container that was started. */
  onStarted?(id: string): void;
}

const usualPausesMs = [1000, 2000, 4000, 8000, 15_000, 30_000];

/**
 * Starts the containers whose restart policy asks for it and that do not run: after a boot those of `always`, and of
 * `unless-stopped` unless the user stopped them; in a boot that has seen them running, those that should have been started
 * again. One that others depend on comes first, and one that fails is tried again a few times.
 *
 * @throws {AggregateError} Why some could not be started.
 */
export async function restartContainers(engine: Engine, options: RestartOptions = {}): Promise<void> {
  const { pausesMs = usualPausesMs, onStarted = () => undefined } = options;
  const records = await refreshContainers(engine, engine.containers.list());
  let failures = await startAll(engine, records.filter(isDue), onStarted);
  for (const pauseMs of pausesMs) {
    if (failures.size === 0) return;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    failures = await startAll(engine, [...failures.keys()], onStarted);
  }
  if (failures.size > 0) throw new AggregateError(failures.values());
}

/** @returns Why which could not be started. Those that are gone, or that run already, are no failures. */
async function startAll(
  engine: Engine,
  records: readonly ContainerRecord[],
  onStarted: (id: string) => void,
): Promise<Map<ContainerRecord, unknown>> {
  const failures = new Map<ContainerRecord, unknown>();
  for (const record of records) {
    if (!engine.containers.find(record.id)) continue;
    try {
      const { wasRunning } = await startContainer(engine, record.id);
      if (!wasRunning) onStarted(record.id);
    } catch (error) {
      failures.set(record, error);
    }
  }
  return failures;
}

function isDue(record: ContainerRecord): boolean {
  const { config, state, stoppedByUser, startedAt, bootId: lastBoot } = record;
  if (!hasEnded(state) || !startedAt) return false;
  if (lastBoot === bootId()) return shouldRestart(record);
  const { policy } = config.restart;
  return policy === "always" || (policy === "unless-stopped" && !stoppedByUser);
}
