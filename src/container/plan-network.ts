import type { Engine } from "../engine.ts";
import type { NetworkPlan } from "../network/network.ts";
import { planNetwork } from "../network/plan.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { networkNamespaceOf } from "./namespaces.ts";
import { takePlaces } from "./networks/take-places.ts";

type PlanEngine = Pick<Engine, "containers" | "networks" | "paths" | "locks">;

/**
 * What a container's start has to do for its network. Addresses in networks are its own from now on; whoever does not go
 * on gives them back.
 */
export function planContainerNetwork(
  engine: PlanEngine,
  record: Pick<ContainerRecord, "id" | "name" | "config">,
): NetworkPlan {
  const { containers } = engine;
  const { id, config } = record;
  const { network } = config;
  const request = { containerId: id, config: network, runDirectory: containers.runDirectory(id) };
  if (network.mode === "bridge") {
    const places = takePlaces(engine, id, network.networks ?? []);
    const attach = async () => (await import("./networks/attach.ts")).attachToNetworks(engine, record, places);
    return { ...planNetwork({ ...request, places }), attach };
  }
  if (network.containerId === undefined) return planNetwork(request);
  const path = networkNamespaceOf({ containers }, network.containerId);
  const other = resolveOwner(containers, network.containerId);
  return planNetwork({ ...request, join: { path, mode: other.config.network.mode } });
}

/** The container whose network it is, when containers join one that has joined another. */
export function resolveOwner(containers: Engine["containers"], id: string): ContainerRecord {
  const record = containers.get(id);
  const { containerId } = record.config.network;
  return containerId === undefined ? record : resolveOwner(containers, containerId);
}
