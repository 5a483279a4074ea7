import type { Engine } from "../../engine.ts";
import type { NetworkEndpoint } from "../../model/network.ts";
import type { NetworkPlace, NetworkState } from "../../network/network.ts";
import type { ContainerRecord } from "../../storage/containers.ts";

/** What a running container has in its networks; empty for one that is in none. */
export function endpointsOf({ networkState }: Pick<ContainerRecord, "networkState">): readonly NetworkEndpoint[] {
  return (networkState as NetworkState | undefined)?.endpoints ?? [];
}

/** The places of a running container, but those in networks that are gone. */
export function placesOf(
  { networks }: Pick<Engine, "networks">,
  record: Pick<ContainerRecord, "networkState">,
): NetworkPlace[] {
  return endpointsOf(record).flatMap((endpoint) => {
    const network = networks.find(endpoint.network);
    return network ? [{ network, endpoint }] : [];
  });
}
