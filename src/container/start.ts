import type { Engine } from "../engine.ts";
import type { ContainerConfig } from "../model/container-config.ts";
import { withdrawAttendance } from "../runtime/attendant.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { beginStart } from "./begin-start.ts";
import { dependenciesOf } from "./dependencies.ts";
import { isGone, recordEnd } from "./end.ts";
import { isRunning } from "./state.ts";

export interface StartOptions {
  /** For a start by the restart policy; a start by the user begins to count anew. */
  readonly restartCount?: number;
  /** Descriptors of this process above 2 that the container's process gets, under the same numbers. */
  readonly preserveFds?: readonly number[];
}

/**
 * Starts a container in the background. One that runs already is left as it is.
 *
 * @throws {DhowError} 126 or 127 if its program cannot be invoked; `conflict` in a state in which it cannot be started.
 */
export async function startContainer(
  engine: Engine,
  nameOrId: string,
  { restartCount = 0, preserveFds = [] }: StartOptions = {},
): Promise<{ readonly id: string; readonly wasRunning: boolean }> {
  const { id, config } = engine.containers.get(nameOrId);
  await startDependencies(engine, config);
  return engine.containers.withLock(id, async () => {
    const record = await getSettled(engine, id);
    if (isRunning(record.state)) return { id, wasRunning: true };
    if (record.restartCount !== restartCount) engine.containers.update(id, { restartCount });
    const starting = beginStart(engine, record, { preserveFds });
    try {
      const created = await starting.create();
      // From now on it is the monitor that has the container cleaned up.
      withdrawAttendance(engine.containers.runDirectory(id));
      await starting.go(created);
    } catch (error) {
      await starting.undo(error);
      throw error;
    }
    return { id, wasRunning: false };
  });
}

/** Starts the containers that another one needs, and those that they need. */
export async function startDependencies(engine: Engine, config: ContainerConfig): Promise<void> {
  for (const id of dependenciesOf(config)) await startContainer(engine, id);
}

/** The record, with the end of a container that nobody has noticed yet taken into account. The caller holds its lock. */
export async function getSettled(engine: Engine, nameOrId: string): Promise<ContainerRecord> {
  const record = engine.containers.get(nameOrId);
  return isGone(record) ? recordEnd(engine, record) : record;
}
