import type { Engine } from "../engine.ts";
import { findAttendant } from "../runtime/attendant.ts";
import { readExit } from "../runtime/exit.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { bootId, isAlive } from "../system/clock.ts";
import { isDueForRemoval, isGone, type LifecycleEngine, recordEnd, removeRecorded } from "./end.ts";
import { hasEnded, isBeingRemoved, isLive } from "./state.ts";

/**
 * Brings records up to date with what has happened on the machine: ends that nobody has recorded because the processes
 * that should have were killed, or because the machine was switched off; removals that were cut off.
 * Cheap: one read of /proc for each running container, and nothing for the others.
 *
 * @returns The records without those that are removed now.
 */
export async function refreshContainers(
  engine: LifecycleEngine,
  records: readonly ContainerRecord[],
): Promise<ContainerRecord[]> {
  const refreshed: ContainerRecord[] = [];
  for (const record of records) {
    const current = needsRepair(engine, record) ? await repair(engine, record.id) : record;
    if (current) refreshed.push(isGone(current) ? asEnded(engine, current) : current);
  }
  return refreshed;
}

/** As the record will be when whoever attends to the container has written its end down. */
function asEnded({ containers }: Pick<Engine, "containers">, record: ContainerRecord): ContainerRecord {
  const exit = readExit(containers.runDirectory(record.id));
  if (!exit) return record;
  const { code, at } = exit;
  return { ...record, state: "exited", exitCode: code, finishedAt: at, init: undefined, monitor: undefined };
}

/** Whether the record says something that is not so any more, and nobody is about to correct it. */
export function needsRepair(engine: Pick<Engine, "containers">, record: ContainerRecord): boolean {
  if (isBeingRemoved(record.state)) return true;
  if (hasEnded(record.state)) return record.config.autoRemove && !isAttended(engine, record);
  return isGone(record) && !isAttended(engine, record);
}

/** Whether somebody who lives will do what is due: a CLI, or the monitor, which is about to start one. */
function isAttended(
  { containers }: Pick<Engine, "containers">,
  { id, bootId: boot, monitor }: ContainerRecord,
): boolean {
  if (boot !== bootId()) return false;
  return (monitor !== undefined && isAlive(monitor)) || findAttendant(containers.runDirectory(id)) !== undefined;
}

async function repair(engine: LifecycleEngine, id: string): Promise<ContainerRecord | undefined> {
  const { pod } = engine.containers.find(id)?.config ?? {};
  const record = await settle(engine, id);
  if (pod && record && hasEnded(record.state)) await (await import("./stop.ts")).stopPodIfDone(engine, record);
  return record;
}

function settle(engine: LifecycleEngine, id: string): Promise<ContainerRecord | undefined> {
  return engine.containers.withLock(id, async () => {
    const record = engine.containers.find(id);
    if (!record || !needsRepair(engine, record)) return record;
    const ended = isLive(record.state) ? await recordEnd(engine, record) : record;
    if (isLive(record.state) && record.bootId === bootId()) await restartIfDue(engine, ended);
    if (!isBeingRemoved(ended.state) && !isDueForRemoval(record.state, ended)) return ended;
    await removeRecorded(engine, ended);
    return undefined;
  });
}

/** Nobody saw its end: its monitor was killed. */
async function restartIfDue(engine: LifecycleEngine, ended: ContainerRecord): Promise<void> {
  if (ended.config.restart.policy === "no" || !hasEnded(ended.state)) return;
  const { scheduleRestart, shouldRestart } = await import("./cleanup.ts");
  if (shouldRestart(ended)) scheduleRestart(engine, ended);
}
