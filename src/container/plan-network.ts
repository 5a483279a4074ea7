import type { Engine } from "../engine.ts";
import type { NetworkPlace, NetworkPlan } from "../network/network.ts";
import { planNetwork } from "../network/plan.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { networkNamespaceOf } from "./namespaces.ts";
import { takePlaces } from "./networks/take-places.ts";
import { nameHolder } from "./port-holder.ts";

type PlannedRecord = Pick<ContainerRecord, "id" | "name" | "config">;
type PlanEngine = Pick<Engine, "containers" | "pods" | "networks" | "paths" | "locks">;

/**
 * What a container's start has to do for its network. Addresses in networks are its own from now on; whoever does not go
 * on gives them back.
 */
export function planContainerNetwork(engine: PlanEngine, record: PlannedRecord): NetworkPlan {
  const { containers } = engine;
  const { id, config } = record;
  const { network } = config;
  if (network.mode === "bridge") {
    const places = takePlaces(engine, id, network.networks ?? []);
    try {
      return planBridge(engine, record, places);
    } catch (error) {
      engine.networks.leases.release(id);
      throw error;
    }
  }
  const request = { containerId: id, config: network, runDirectory: containers.runDirectory(id) };
  if (network.containerId === undefined) return planNetwork(request);
  const path = networkNamespaceOf({ containers }, network.containerId);
  const other = resolveOwner(containers, network.containerId);
  return planNetwork({ ...request, join: { path, mode: other.config.network.mode } });
}

function planBridge(engine: PlanEngine, record: PlannedRecord, places: readonly NetworkPlace[]): NetworkPlan {
  const { id, config } = record;
  const runDirectory = engine.containers.runDirectory(id);
  return {
    ...planNetwork({ containerId: id, config: config.network, runDirectory, places }),
    async attach() {
      const { attachToNetworks } = await import("./networks/attach.ts");
      await attachToNetworks(engine, record, places).catch((error: unknown) => {
        throw nameHolder(engine, record, error);
      });
    },
  };
}

/** The container whose network it is, when containers join one that has joined another. */
export function resolveOwner(containers: Engine["containers"], id: string): ContainerRecord {
  const record = containers.get(id);
  const { containerId } = record.config.network;
  return containerId === undefined ? record : resolveOwner(containers, containerId);
}
