import type { Engine } from "../../engine.ts";
import type { NetworkEndpoint } from "../../model/network.ts";
import { isLive } from "../state.ts";
import { endpointsOf } from "./places.ts";

export interface NetworkMember {
  readonly id: string;
  readonly name: string;
  readonly endpoint: NetworkEndpoint;
}

/** The running containers that are connected to a network. */
export function membersOf({ containers }: Pick<Engine, "containers">, network: string): NetworkMember[] {
  return containers
    .list()
    .filter(({ state }) => isLive(state))
    .flatMap((record) =>
      endpointsOf(record)
        .filter((endpoint) => endpoint.network === network)
        .map((endpoint) => ({ id: record.id, name: record.name, endpoint })),
    );
}
