import type { Engine } from "../engine.ts";
import type { NetworkPlan } from "../network/network.ts";
import { planNetwork } from "../network/plan.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { networkNamespaceOf } from "./namespaces.ts";

/** What a container's start has to do for its network. */
export function planContainerNetwork(
  { containers }: Pick<Engine, "containers">,
  { id, config }: Pick<ContainerRecord, "id" | "config">,
): NetworkPlan {
  const { network } = config;
  const runDirectory = containers.runDirectory(id);
  if (network.containerId === undefined) return planNetwork({ containerId: id, config: network, runDirectory });
  const path = networkNamespaceOf({ containers }, network.containerId);
  const other = resolveOwner(containers, network.containerId);
  return planNetwork({
    containerId: id,
    config: network,
    runDirectory,
    join: { path, mode: other.config.network.mode },
  });
}

/** The container whose network it is, when containers join one that has joined another. */
export function resolveOwner(containers: Engine["containers"], id: string): ContainerRecord {
  const record = containers.get(id);
  const { containerId } = record.config.network;
  return containerId === undefined ? record : resolveOwner(containers, containerId);
}
