import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { NetworkPlan } from "../network/network.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { networkNamespaceOf } from "./namespaces.ts";

/** What a container's start has to do for its network. */
export function planContainerNetwork(engine: Pick<Engine, "containers">, record: ContainerRecord): NetworkPlan {
  const { mode, containerId } = record.config.network;
  const plain = { commands: [], state: undefined, resolvConf: undefined, hosts: () => undefined };
  if (mode === "none") return { ...plain, namespace: { kind: "new" } };
  if (mode === "host") return { ...plain, namespace: { kind: "host" } };
  if (mode === "container" && containerId !== undefined) {
    return { ...plain, namespace: { kind: "path", path: networkNamespaceOf(engine, containerId) } };
  }
  throw new DhowError(`network mode ${mode} is not supported`, { kind: "unsupported" });
}
