import type { Engine } from "../../engine.ts";
import { setUp } from "../../network/bridge/netavark.ts";
import { requirePortPlace } from "../../network/bridge/plan.ts";
import { publishPorts } from "../../network/bridge/published-ports.ts";
import { ensureSharedNamespace, sharedFiles } from "../../network/bridge/shared-namespace.ts";
import { findBridgeTools } from "../../network/bridge/tools.ts";
import { networkFiles } from "../../network/helper-files.ts";
import type { NetworkPlace } from "../../network/network.ts";
import type { ContainerRecord } from "../../storage/containers.ts";
import { publishAllNames } from "./names.ts";
import { sharedDirectory, withNetworks } from "./shared-directory.ts";

export type AttachEngine = Pick<Engine, "containers" | "pods" | "networks" | "paths" | "locks">;

/**
 * Connects a container's namespace with networks, makes it known by name, and publishes its ports.
 * @param places All of its places, or those that are new.
 */
export async function attachToNetworks(
  engine: AttachEngine,
  record: Pick<ContainerRecord, "id" | "name" | "config">,
  places: readonly NetworkPlace[],
): Promise<void> {
  const runDirectory = engine.containers.runDirectory(record.id);
  await withNetworks(engine, async () => {
    if (places.length > 0) setUpPlaces(engine, record, places);
    await publishAllNames(engine);
  });
  const { ports } = record.config.network;
  if (ports.length > 0) {
    await publishPorts({ runDirectory, ports, endpoint: requirePortPlace(places).endpoint });
  }
}

/** The interfaces alone. The caller holds the lock of the networks. */
export function setUpPlaces(
  engine: AttachEngine,
  { id, name }: Pick<ContainerRecord, "id" | "name">,
  places: readonly NetworkPlace[],
): void {
  const directory = sharedDirectory(engine);
  const tools = findBridgeTools();
  ensureSharedNamespace(
    directory,
    places.some(({ network }) => !network.internal),
  );
  const { netns, netavark } = sharedFiles(directory);
  const container = networkFiles(engine.containers.runDirectory(id)).netns;
  setUp(
    { tools, sharedNetns: netns, directory: netavark },
    { containerId: id, containerName: name, netns: container, networks: places },
  );
}
