import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { withdrawAttendance } from "../runtime/attendant.ts";
import { beginStart } from "./begin-start.ts";
import { getSettled } from "./start.ts";
import { canStart } from "./state.ts";

/**
 * Makes a container ready to start: its file systems are mounted, its network is there and its process waits.
 * @throws {DhowError} `not-found`; `conflict` if it is ready or runs already.
 */
export async function initializeContainer(engine: Engine, nameOrId: string): Promise<void> {
  const { id } = engine.containers.get(nameOrId);
  await engine.containers.withLock(id, async () => {
    const record = await getSettled(engine, id);
    if (!canStart(record.state)) {
      throw new DhowError(
        `container ${id} has already been created in runtime: it is ${record.state}: container state improper`,
        { kind: "conflict" },
      );
    }
    const starting = beginStart(engine, record);
    try {
      const created = await starting.create();
      withdrawAttendance(engine.containers.runDirectory(id));
      await starting.leave(created);
    } catch (error) {
      await starting.undo(error);
      throw error;
    }
  });
}
