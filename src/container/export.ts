import type { Engine } from "../engine.ts";
import { packInto } from "../storage/pack/pack-tree.ts";
import { openOutputFile } from "../system/output-file.ts";
import { recordEvent } from "./record-event.ts";
import { getSettled } from "./start.ts";
import { withContainerTree } from "./view-tree.ts";

/**
 * Writes a container's whole tree as a tar archive. A running container goes on meanwhile.
 * @param path A file, which is complete when it is there; undefined: stdout.
 * @throws {DhowError} `not-found`; `permission-denied` for a file that cannot be written.
 */
export async function exportContainer(engine: Engine, nameOrId: string, path: string | undefined): Promise<void> {
  const { id } = engine.containers.get(nameOrId);
  const output = openOutputFile(path);
  try {
    await engine.containers.withLock(id, async () => {
      const record = await getSettled(engine, id);
      const packed = await withContainerTree(engine, record, (directory) =>
        packInto({ source: { kind: "archive", directory }, compression: "none" }, output.write),
      );
      for (const warning of packed.warnings) engine.warn(warning);
      output.publish();
      recordEvent(engine, record, "export");
    });
  } finally {
    output.close();
  }
}
