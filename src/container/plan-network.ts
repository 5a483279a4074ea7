import type { Engine } from "../engine.ts";
import type { NetworkPlan } from "../network/network.ts";
import { planNetwork } from "../network/plan.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { networkNamespaceOf } from "./namespaces.ts";

/** What a container's start has to do for its network. */
export function planContainerNetwork({ containers }: Pick<Engine, "containers">, record: ContainerRecord): NetworkPlan {
  const config = record.config.network;
  const { containerId } = config;
  return planNetwork({
    containerId: record.id,
    config,
    runDirectory: containers.runDirectory(record.id),
    ...(containerId === undefined
      ? {}
      : {
          join: {
            path: networkNamespaceOf({ containers }, containerId),
            mode: containers.get(containerId).config.network.mode,
          },
        }),
  });
}
