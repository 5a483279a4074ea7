import type { Engine } from "../engine.ts";
import { checkName } from "../model/object-name.ts";
import { recordEvent } from "./record-event.ts";

/**
 * Gives a container another name.
 * @throws {DhowError} `not-found`; `already-exists`; `invalid-argument` for a name that is none.
 */
export async function renameContainer(
  engine: Pick<Engine, "containers" | "events">,
  nameOrId: string,
  name: string,
): Promise<void> {
  const { id } = engine.containers.get(nameOrId);
  await engine.containers.withLock(id, async () => {
    recordEvent(engine, engine.containers.update(id, { name: checkName(name) }), "rename");
  });
}
