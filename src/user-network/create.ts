import type { Engine } from "../engine.ts";
import { isKind } from "../errors.ts";
import type { NetworkRecord } from "../storage/networks.ts";
import { defineNetwork, type NetworkRequest } from "./define.ts";

/**
 * Records a network. Nothing of it is on the machine until a container that is connected to it runs.
 * @param ignore Takes one that exists under that name as it is.
 * @throws {DhowError} As {@link defineNetwork}.
 */
export function createNetwork(
  { networks, events }: Pick<Engine, "networks" | "events">,
  request: NetworkRequest,
  { ignore }: { readonly ignore: boolean },
): NetworkRecord {
  try {
    const made = networks.add((others) => defineNetwork(request, others));
    events.append({ type: "network", status: "create", id: made.id, name: made.name, attributes: { type: "bridge" } });
    return made;
  } catch (error) {
    const present = ignore && isKind(error, "already-exists") && request.name ? networks.find(request.name) : undefined;
    if (present) return present;
    throw error;
  }
}
