import type { Engine } from "../engine.ts";
import { isKind } from "../errors.ts";
import type { Filters } from "../model/filters.ts";
import { defaultNetworkName } from "../storage/networks.ts";
import { networkPruneFilter } from "./filters.ts";

type NetworkEngine = Pick<Engine, "networks" | "events">;

export interface RemoveNetworkOptions {
  /** Removes the containers that are connected to the network first, by this. */
  readonly removeContainer?: (id: string) => Promise<unknown>;
}

/**
 * Removes a network.
 * @throws {DhowError} `not-found`; `conflict` if containers are connected to it, and for the default network.
 */
export async function removeNetwork(
  { networks, events }: NetworkEngine,
  nameOrId: string,
  { removeContainer }: RemoveNetworkOptions = {},
): Promise<void> {
  const { id, name } = networks.get(nameOrId);
  if (removeContainer) for (const user of networks.users(name)) await removeContainer(user);
  networks.remove(name);
  events.append({ type: "network", status: "remove", id, name, attributes: { type: "bridge" } });
}

/** Removes the networks to which no container is connected. @returns The names of those that were removed. */
export async function pruneNetworks(engine: NetworkEngine, filters: Filters): Promise<string[]> {
  const fits = networkPruneFilter(filters);
  const used = engine.networks.used();
  const removed: string[] = [];
  for (const network of engine.networks.list()) {
    const { name } = network;
    if (name === defaultNetworkName || used.has(name) || !fits(network)) continue;
    try {
      await removeNetwork(engine, name);
      removed.push(name);
    } catch (error) {
      // Somebody has come to use it, or was faster.
      if (!isKind(error, "conflict") && !isKind(error, "not-found")) throw error;
    }
  }
  return removed;
}
