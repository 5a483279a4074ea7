import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import type { NetworkAttachment } from "../../model/network.ts";
import { portPlace } from "../../network/bridge/plan.ts";
import { publishPorts, withdrawPorts } from "../../network/bridge/published-ports.ts";
import type { NetworkPlace, NetworkState } from "../../network/network.ts";
import type { ContainerRecord } from "../../storage/containers.ts";
import { networkMode } from "../inspect/network.ts";
import { recordEvent } from "../record-event.ts";
import { getSettled } from "../start.ts";
import { isLive } from "../state.ts";
import { setUpPlaces } from "./attach.ts";
import { publishAllNames } from "./names.ts";
import { placesOf } from "./places.ts";
import { refreshNetworkFiles } from "./refresh-files.ts";
import { leaveNetworks } from "./release.ts";
import { withNetworks } from "./shared-directory.ts";
import { takePlaces } from "./take-places.ts";

/**
 * Connects a container to one more network, at once if it runs. One that is connected already and does not run is left
 * as it is.
 * @throws {DhowError} `not-found`; `conflict` for a container whose network is of another kind.
 */
export async function connectContainer(engine: Engine, nameOrId: string, attachment: NetworkAttachment): Promise<void> {
  const network = engine.networks.get(attachment.name);
  const { id } = engine.containers.get(nameOrId);
  await engine.containers.withLock(id, async () => {
    const record = await getSettled(engine, id);
    const networks = requireNetworks(record);
    const isRunning = isLive(record.state);
    if (networks.some(({ name }) => name === network.name)) {
      if (!isRunning) return;
      throw new DhowError(
        `container ${id} is already connected to network ${JSON.stringify(network.name)}: network is already connected`,
        { kind: "conflict", exitCode: 125 },
      );
    }
    const added = { ...attachment, name: network.name };
    const changed = changeNetworks(engine, record, [...networks, added]);
    try {
      if (isRunning) await joinNetwork(engine, changed, added);
    } catch (error) {
      engine.networks.leases.release(id, network.name);
      changeNetworks(engine, record, networks);
      throw error;
    }
    recordEvent(engine, record, "connect", { network: network.name });
  });
}

/**
 * Disconnects a container from a network, at once if it runs.
 * @throws {DhowError} `not-found`; `conflict` for a container that is not connected to it.
 */
export async function disconnectContainer(engine: Engine, nameOrId: string, networkName: string): Promise<void> {
  const network = engine.networks.get(networkName);
  const { id } = engine.containers.get(nameOrId);
  await engine.containers.withLock(id, async () => {
    const record = await getSettled(engine, id);
    const networks = requireNetworks(record);
    const others = networks.filter(({ name }) => name !== network.name);
    if (others.length === networks.length) {
      throw new DhowError(`container ${nameOrId} is not connected to network ${network.name}`, {
        kind: "conflict",
        exitCode: 125,
      });
    }
    const changed = changeNetworks(engine, record, others);
    if (isLive(record.state)) await quitNetwork(engine, changed, network.name);
    recordEvent(engine, record, "disconnect", { network: network.name });
  });
}

/** @throws {DhowError} `conflict`: podman's words. */
export function requireNetworks({ config }: Pick<ContainerRecord, "config">): readonly NetworkAttachment[] {
  const { mode, networks = [] } = config.network;
  if (mode === "bridge") return networks;
  throw new DhowError(`${JSON.stringify(networkMode(config.network))} is not supported: invalid network mode`, {
    kind: "conflict",
    exitCode: 125,
    hint: "only containers that were made with --network bridge or --network NAME can change their networks",
  });
}

function changeNetworks(
  { containers }: Pick<Engine, "containers">,
  { id, config }: ContainerRecord,
  networks: readonly NetworkAttachment[],
): ContainerRecord {
  return containers.update(id, { config: { ...config, network: { ...config.network, networks } } });
}

async function joinNetwork(engine: Engine, record: ContainerRecord, added: NetworkAttachment): Promise<void> {
  const before = placesOf(engine, record);
  const places = takePlaces(
    engine,
    record.id,
    [added],
    before.map(({ endpoint }) => endpoint.interfaceName),
  );
  const all = [...before, ...places];
  const current = recordPlaces(engine, record, all);
  await withNetworks(engine, async () => {
    setUpPlaces(engine, current, places);
    await publishAllNames(engine);
  });
  refreshNetworkFiles(engine, current, all);
  await movePorts(engine, current, { before, after: all });
}

async function quitNetwork(engine: Engine, record: ContainerRecord, network: string): Promise<void> {
  const before = placesOf(engine, record);
  const after = before.filter(({ endpoint }) => endpoint.network !== network);
  const left = before.filter(({ endpoint }) => endpoint.network === network);
  const current = recordPlaces(engine, record, after);
  await withNetworks(engine, async () => {
    engine.networks.leases.release(record.id, network);
    leaveNetworks(engine, current, left, { keepsShared: true });
    await publishAllNames(engine);
  });
  refreshNetworkFiles(engine, current, after);
  await movePorts(engine, current, { before, after });
}

function recordPlaces(
  { containers }: Pick<Engine, "containers">,
  { id, networkState }: ContainerRecord,
  places: readonly NetworkPlace[],
): ContainerRecord {
  const state: NetworkState = {
    ...(networkState as NetworkState),
    endpoints: places.map(({ endpoint }) => endpoint),
  };
  return containers.update(id, { networkState: state });
}

/** Published ports follow when the place that they lead to is another one now. */
async function movePorts(
  { containers }: Pick<Engine, "containers">,
  { id, config }: ContainerRecord,
  { before, after }: { readonly before: readonly NetworkPlace[]; readonly after: readonly NetworkPlace[] },
): Promise<void> {
  const { ports } = config.network;
  const [old, next] = [portPlace(before)?.endpoint.network, portPlace(after)];
  if (ports.length === 0 || old === next?.endpoint.network) return;
  const runDirectory = containers.runDirectory(id);
  await withdrawPorts(runDirectory);
  if (next) await publishPorts({ runDirectory, ports, endpoint: next.endpoint });
}
