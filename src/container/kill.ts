import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { sendSignal } from "../system/signals.ts";
import { getSettled } from "./start.ts";
import { canKill } from "./state.ts";

/**
 * Sends a signal to a container's first process.
 *
 * @param signal Its number.
 * @throws {DhowError} `not-found`; `conflict` if the container does not run.
 */
export async function killContainer(engine: Engine, nameOrId: string, signal: number): Promise<void> {
  const { id } = engine.containers.get(nameOrId);
  await engine.containers.withLock(id, async () => {
    const record = await getSettled(engine, id);
    if (!canKill(record.state) || !record.init) {
      throw new DhowError(
        `can only kill running containers. ${id} is in state ${record.state}: container state improper`,
        { kind: "conflict" },
      );
    }
    // A container that the user kills is not started again by its restart policy, as in podman.
    if (signal === sigkill) engine.containers.update(id, { stoppedByUser: true });
    sendSignal(record.init.pid, signal);
  });
}
const sigkill = 9;
