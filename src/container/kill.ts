import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { parseSignal } from "../oci/signal.ts";
import { waitForExit } from "../runtime/exit.ts";
import { sendSignal } from "../system/signals.ts";
import { recordEvent } from "./record-event.ts";
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
  const { init, monitor } = await engine.containers.withLock(id, async () => {
    const record = await getSettled(engine, id);
    if (!canKill(record.state) || !record.init) {
      throw new DhowError(
        `can only kill running containers. ${id} is in state ${record.state}: container state improper`,
        { kind: "conflict" },
      );
    }
    // What the user means to end is not started again by its restart policy.
    const ends = signal === sigkill || signal === parseSignal(record.config.stopSignal).number;
    if (ends) engine.containers.update(id, { stoppedByUser: true });
    sendSignal(record.init.pid, signal);
    recordEvent(engine, record, "kill");
    return { init: record.init, monitor: record.monitor };
  });
  if (signal === sigkill) await waitForExit(engine.containers.runDirectory(id), { init, monitor }, killTimeoutMs);
}
/** SIGKILL is followed by the end, but for processes that the kernel cannot interrupt. */
const killTimeoutMs = 10_000;
const sigkill = 9;
