import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { connectAttachSocket } from "../runtime/attach-socket.ts";
import { waitForExit } from "../runtime/exit.ts";
import { connectStreams, sendWindowSize } from "./attach-streams.ts";
import { type ForegroundEnd, type ForegroundOptions, proxySignals } from "./foreground.ts";
import { recordEvent } from "./record-event.ts";
import { getSettled } from "./start.ts";
import { canExec } from "./state.ts";

/**
 * Connects the standard streams of this process with a container that runs, until it ends or the user detaches. Who
 * cleans up after the container stays as it was.
 *
 * @throws {DhowError} `not-found`; `conflict` if it does not run; `unsupported` if it has its streams from elsewhere.
 */
export async function attachToContainer(
  engine: Engine,
  nameOrId: string,
  options: ForegroundOptions,
): Promise<ForegroundEnd> {
  const { id } = engine.containers.get(nameOrId);
  const record = await engine.containers.withLock(id, () => getSettled(engine, id));
  if (!canExec(record.state) || !record.init) {
    throw new DhowError("you can only attach to running containers", { kind: "conflict" });
  }
  if (record.config.log.driver === "passthrough") {
    throw new DhowError(
      "this container is using the 'passthrough' log driver, cannot attach: this container is not logging output",
      { kind: "unsupported" },
    );
  }
  const directory = engine.containers.runDirectory(id);
  const proxy = proxySignals(options.proxySignals);
  const streams = connectStreams(connectAttachSocket(directory), { directory, choice: options });
  try {
    if (options.terminal) sendWindowSize(directory);
    proxy.begin(record.init);
    recordEvent(engine, record, "attach");
    const end = await streams.ended;
    if (end !== "closed") return { kind: end };
    const exit = await waitForExit(directory, { init: record.init, monitor: record.monitor });
    return { kind: "exited", exitCode: exit?.code ?? 0 };
  } finally {
    proxy.end();
    await streams.release();
  }
}
