import type { Engine } from "../engine.ts";
import { packInto } from "../storage/pack/pack-tree.ts";
import { recordEvent } from "./record-event.ts";
import { getSettled } from "./start.ts";
import { withContainerTree } from "./view-tree.ts";

/**
 * Writes a container's whole tree as a tar archive. A running container goes on meanwhile.
 * @param write Takes the bytes in order; what it throws ends the work.
 * @throws {DhowError} `not-found`.
 */
export async function exportContainer(engine: Engine, nameOrId: string, write: (bytes: Buffer) => void): Promise<void> {
  const { id } = engine.containers.get(nameOrId);
  await engine.containers.withLock(id, async () => {
    const record = await getSettled(engine, id);
    const packed = await withContainerTree(engine, record, (directory) =>
      packInto({ source: { kind: "archive", directory }, compression: "none" }, write),
    );
    for (const warning of packed.warnings) engine.warn(warning);
    recordEvent(engine, record, "export");
  });
}
