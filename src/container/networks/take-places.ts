import type { Engine } from "../../engine.ts";
import { isKind } from "../../errors.ts";
import type { NetworkAttachment } from "../../model/network.ts";
import type { NetworkPlace } from "../../network/network.ts";
import { releaseNetwork } from "../../network/release.ts";
import type { ContainerRecord } from "../../storage/containers.ts";
import type { NetworkRecord } from "../../storage/networks.ts";
import { randomHex } from "../../system/random.ts";
import { isGone } from "../end.ts";
import { isLive } from "../state.ts";

type PlaceEngine = Pick<Engine, "containers" | "networks">;

/**
 * Gives a container addresses in networks, in one step.
 * @param used Names of interfaces that it has already.
 * @throws {DhowError} `not-found` for a network; `conflict` for an address that is taken, or if none is left.
 */
export function takePlaces(
  engine: PlaceEngine,
  containerId: string,
  attachments: readonly NetworkAttachment[],
  used: readonly string[] = [],
): NetworkPlace[] {
  const requests = attachments.map((attachment) => ({ network: engine.networks.get(attachment.name), attachment }));
  const addresses = takeAddresses(engine, containerId, requests);
  const names = nameInterfaces(attachments, used);
  return requests.map(({ network, attachment }, index) => ({
    network,
    endpoint: {
      network: network.name,
      interfaceName: names[index] ?? "eth0",
      mac: attachment.mac ?? randomMac(),
      addresses: addresses[index] ?? [],
    },
  }));
}

type Requests = readonly { readonly network: NetworkRecord; readonly attachment: NetworkAttachment }[];

function takeAddresses({ containers, networks }: PlaceEngine, containerId: string, requests: Requests) {
  try {
    return networks.leases.take(containerId, requests);
  } catch (error) {
    if (!isKind(error, "conflict")) throw error;
    // Containers that were killed with all that could have cleaned up after them still have their addresses.
    const holders = new Set(networks.leases.list().map((lease) => lease.containerId));
    const dead = [...holders].flatMap((id) => containers.find(id) ?? []).filter((record) => isDead(record));
    if (dead.length === 0) throw error;
    for (const { id, networkState } of dead) {
      releaseNetwork(networkState);
      networks.leases.release(id);
    }
    return networks.leases.take(containerId, requests);
  }
}

function isDead(record: ContainerRecord): boolean {
  return isLive(record.state) && isGone(record);
}

/** Those without a name of their own get the first free of eth0, eth1 and so on. */
function nameInterfaces(attachments: readonly NetworkAttachment[], used: readonly string[]): string[] {
  const taken = new Set([...used, ...attachments.flatMap(({ interfaceName }) => interfaceName ?? [])]);
  return attachments.map(({ interfaceName }) => {
    if (interfaceName !== undefined) return interfaceName;
    for (let number = 0; ; number++) {
      const name = `eth${number}`;
      if (taken.has(name)) continue;
      taken.add(name);
      return name;
    }
  });
}

/** One that no manufacturer has given. */
function randomMac(): string {
  const bytes = Buffer.from(randomHex(6), "hex");
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}
