import type { Engine } from "../../engine.ts";
import { DhowError, isKind } from "../../errors.ts";
import { tearDown } from "../../network/bridge/netavark.ts";
import { portPlace } from "../../network/bridge/plan.ts";
import { publishPorts, withdrawPorts } from "../../network/bridge/published-ports.ts";
import { ensureSharedNamespace, sharedFiles } from "../../network/bridge/shared-namespace.ts";
import { findBridgeTools } from "../../network/bridge/tools.ts";
import { networkFiles } from "../../network/helper-files.ts";
import type { NetworkPlace } from "../../network/network.ts";
import type { ContainerRecord } from "../../storage/containers.ts";
import { getSettled } from "../start.ts";
import { isLive } from "../state.ts";
import { setUpPlaces } from "./attach.ts";
import { requireNetworks } from "./connect.ts";
import { publishAllNames } from "./names.ts";
import { placesOf } from "./places.ts";
import { refreshNetworkFiles } from "./refresh-files.ts";
import { sharedDirectory, withNetworks } from "./shared-directory.ts";

/**
 * Makes what a running container has of its networks anew, with the addresses that it has: after somebody has removed
 * firewall rules, or ended a helper.
 * @returns Its id.
 * @throws {DhowError} `conflict` for a container that does not run, or whose network is of another kind.
 */
export async function reloadContainerNetwork(engine: Engine, nameOrId: string): Promise<string> {
  const { id } = engine.containers.get(nameOrId);
  await engine.containers.withLock(id, async () => {
    const record = await getSettled(engine, id);
    requireNetworks(record);
    if (!isLive(record.state)) {
      throw new DhowError(
        `cannot reload network unless container network has been configured: container ${record.name} is ${record.state}: container state improper`,
        { kind: "conflict", exitCode: 125 },
      );
    }
    const places = placesOf(engine, record);
    await withNetworks(engine, async () => {
      if (places.length > 0) rebuild(engine, record, places);
      await publishAllNames(engine);
    });
    refreshNetworkFiles(engine, record, places);
    await republish(engine, record, places);
  });
  return id;
}

function rebuild(engine: Engine, { id, name }: ContainerRecord, places: readonly NetworkPlace[]): void {
  const directory = sharedDirectory(engine);
  ensureSharedNamespace(
    directory,
    places.some(({ network }) => !network.internal),
  );
  const { netns: sharedNetns, netavark } = sharedFiles(directory);
  const { netns } = networkFiles(engine.containers.runDirectory(id));
  try {
    tearDown(
      { tools: findBridgeTools(), sharedNetns, directory: netavark },
      { containerId: id, containerName: name, netns, networks: places },
    );
  } catch (error) {
    // There is less than it expects: that is why it is made anew.
    if (!isKind(error, "unavailable")) throw error;
  }
  setUpPlaces(engine, { id, name }, places);
}

async function republish(engine: Engine, { id, config }: ContainerRecord, places: readonly NetworkPlace[]) {
  const { ports } = config.network;
  const place = portPlace(places);
  if (ports.length === 0 || !place) return;
  const runDirectory = engine.containers.runDirectory(id);
  await withdrawPorts(runDirectory);
  await publishPorts({ runDirectory, ports, endpoint: place.endpoint });
}
