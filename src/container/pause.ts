import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { runtimeArguments } from "../runtime/conmon.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { tryRun } from "../system/process.ts";
import { containerTools, requireCgroup } from "./cgroups.ts";
import { recordEvent } from "./record-event.ts";
import { getSettled } from "./start.ts";
import { canPause, isPaused } from "./state.ts";

/**
 * Freezes all processes of a container.
 * @throws {DhowError} `not-found`; `conflict` if it does not run or is paused; `unsupported` if it has no cgroup.
 */
export function pauseContainer(engine: Engine, nameOrId: string): Promise<void> {
  return change(engine, nameOrId, (record) => {
    if (isPaused(record.state)) throw improper(`${JSON.stringify(record.id)} is already paused`);
    if (!canPause(record.state)) throw improper(`${JSON.stringify(record.state)} is not running, can't pause`);
    requireCgroup(engine, record, "cannot pause without using Cgroups");
    tellRuntime(engine, record, "pause");
    engine.containers.update(record.id, { state: "paused" });
    recordEvent(engine, record, "pause");
  });
}

/**
 * Lets a paused container go on.
 * @throws {DhowError} `not-found`; `conflict` if it is not paused.
 */
export function unpauseContainer(engine: Engine, nameOrId: string): Promise<void> {
  return change(engine, nameOrId, (record) => {
    if (!isPaused(record.state)) throw improper(`${JSON.stringify(record.id)} is not paused, can't unpause`);
    thawContainer(engine, record);
    engine.containers.update(record.id, { state: "running" });
    recordEvent(engine, record, "unpause");
  });
}

/** Lets the processes of a paused container go on; what is recorded stays as it is. */
export function thawContainer(engine: Pick<Engine, "containers" | "globals">, record: ContainerRecord): void {
  tellRuntime(engine, record, "resume");
}

async function change(engine: Engine, nameOrId: string, act: (record: ContainerRecord) => void): Promise<void> {
  const { id } = engine.containers.get(nameOrId);
  await engine.containers.withLock(id, async () => act(await getSettled(engine, id)));
}

function tellRuntime(
  engine: Pick<Engine, "containers" | "globals">,
  record: ContainerRecord,
  verb: "pause" | "resume",
): void {
  const tools = containerTools(engine, record);
  const runDirectory = engine.containers.runDirectory(record.id);
  const { exitCode, stderr } = tryRun([
    tools.runtime,
    ...runtimeArguments({ tools, runDirectory }),
    ...[verb, record.id],
  ]);
  if (exitCode === 0) return;
  throw new DhowError(`cannot ${verb} container ${record.name}: ${stderr.trim() || `exit status ${exitCode}`}`, {
    kind: "unavailable",
  });
}

function improper(message: string): DhowError {
  return new DhowError(`${message}: container state improper`, { kind: "conflict" });
}
