import type { Engine } from "../engine.ts";
import type { ContainerConfig } from "../model/container-config.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import type { NewPod } from "../storage/pods.ts";
import { createContainer } from "./create.ts";

/** As `createContainer`; with --userns auto, the container gets ids that no other has. */
export async function createWithIds(
  engine: Engine,
  config: ContainerConfig,
  name: string | undefined,
  newPod?: NewPod,
): Promise<ContainerRecord> {
  if (config.userns.mode !== "private" || config.userns.request === undefined)
    return createContainer(engine, config, name, newPod);
  const { allocateIds } = await import("./allocate-ids.ts");
  return engine.locks.withLock("user-namespaces", () =>
    createContainer(engine, allocateIds(engine, config), name, newPod),
  );
}
