import type { Engine } from "../../engine.ts";
import { isKind } from "../../errors.ts";
import { stopNames } from "../../network/bridge/names.ts";
import { tearDown } from "../../network/bridge/netavark.ts";
import { hasSharedNamespace, removeSharedNamespace, sharedFiles } from "../../network/bridge/shared-namespace.ts";
import { findBridgeTools } from "../../network/bridge/tools.ts";
import { networkFiles } from "../../network/helper-files.ts";
import { isMounted } from "../../network/mounted.ts";
import type { NetworkPlace, NetworkState } from "../../network/network.ts";
import { releaseNetwork } from "../../network/release.ts";
import type { ContainerRecord } from "../../storage/containers.ts";
import { bootId } from "../../system/clock.ts";
import { tryRun } from "../../system/process.ts";
import { publishAllNames } from "./names.ts";
import { placesOf } from "./places.ts";
import { sharedDirectory, withNetworks } from "./shared-directory.ts";

export type ReleaseEngine = Pick<Engine, "containers" | "pods" | "networks" | "paths" | "locks">;

/** Takes down what a container has of the network, and gives its addresses back. Idempotent. */
export async function releaseContainerNetwork(engine: ReleaseEngine, record: ContainerRecord): Promise<void> {
  const state = record.networkState as NetworkState | undefined;
  const isOfThisBoot = record.bootId === bootId();
  if (state?.kind !== "bridge") {
    if (isOfThisBoot) releaseNetwork(state);
    return;
  }
  if (!isOfThisBoot) return engine.networks.leases.release(record.id);
  await withNetworks(engine, async () => {
    const places = placesOf(engine, record);
    engine.networks.leases.release(record.id);
    if (hasSharedNamespace(sharedDirectory(engine))) leaveNetworks(engine, record, places);
    releaseNetwork(state);
    await settleNetworks(engine);
  });
}

/**
 * Removes a container's interfaces. Those of networks that others are in go with its namespace; netavark is asked for the
 * last of a network, with which the bridge and the firewall's rules go. The caller holds the lock of the networks.
 * @param keepsShared Whether the namespace of the bridges stays even without anybody in it.
 */
export function leaveNetworks(
  engine: ReleaseEngine,
  { id, name }: Pick<ContainerRecord, "id" | "name">,
  places: readonly NetworkPlace[],
  { keepsShared = false }: { readonly keepsShared?: boolean } = {},
): void {
  const remaining = new Set(engine.networks.leases.list().map(({ network }) => network));
  const { netns } = networkFiles(engine.containers.runDirectory(id));
  // The whole namespace of the bridges goes, and all that is in it.
  if ((remaining.size === 0 && !keepsShared) || !isMounted(netns)) return;
  const last = places.filter(({ network }) => !remaining.has(network.name));
  const others = places.filter(({ network }) => remaining.has(network.name));
  for (const { endpoint } of others) {
    // At once, so that nobody answers for the address any more when it is given to somebody else.
    tryRun(["nsenter", `--net=${netns}`, "ip", "link", "del", endpoint.interfaceName]);
  }
  if (last.length === 0) return;
  const { netns: sharedNetns, netavark } = sharedFiles(sharedDirectory(engine));
  try {
    tearDown(
      { tools: findBridgeTools(), sharedNetns, directory: netavark },
      { containerId: id, containerName: name, netns, networks: last },
    );
  } catch (error) {
    // Of a network that was only begun there is less to remove than it expects.
    if (!isKind(error, "unavailable")) throw error;
  }
}

/** After somebody has left: the others hear of it, or the namespace goes with its last container. */
export async function settleNetworks(engine: ReleaseEngine): Promise<void> {
  engine.networks.leases.forgetDeadStarts();
  if (engine.networks.leases.list().length > 0) return publishAllNames(engine);
  const directory = sharedDirectory(engine);
  stopNames(directory);
  removeSharedNamespace(directory);
}
