import type { Engine } from "../../engine.ts";
import { parseIp } from "../../model/ip-address.ts";
import { type NamedContainer, type NamedNetwork, publishNames } from "../../network/bridge/names.ts";
import { reachableServers, readHostResolvConf } from "../../network/resolv-conf.ts";
import { uplinkResolver } from "../../network/uplink.ts";
import type { NetworkRecord } from "../../storage/networks.ts";
import { sharedDirectory } from "./shared-directory.ts";

type NameEngine = Pick<Engine, "containers" | "pods" | "networks" | "paths">;

/** Asked for the world's names by an internal network: nobody answers there. */
const nobody = "127.0.0.1";

/** Tells the networks' resolver who is there now. The caller holds the lock of the networks. */
export async function publishAllNames(engine: NameEngine): Promise<void> {
  await publishNames(sharedDirectory(engine), namedNetworks(engine));
}

/** What the records say, so that no crash leaves a name behind. */
function namedNetworks({ containers, pods, networks }: NameEngine): NamedNetwork[] {
  const leases = networks.leases.list().filter(({ address }) => parseIp(address));
  const describe = (network: NetworkRecord): NamedContainer[] => {
    const members = Map.groupBy(
      leases.filter((lease) => lease.network === network.name),
      ({ containerId }) => containerId,
    );
    return [...members].flatMap(([id, own]) => {
      const record = containers.find(id);
      if (!record) return [];
      const addresses = own.map(({ address }) => address);
      const pod = record.config.pod && pods.find(record.config.pod.id)?.name;
      const names = namesOf(record, network.name, pod === undefined ? [] : [pod]);
      return [{ id, addresses, names, resolvers: resolversOf(record) }];
    });
  };
  return networks
    .list()
    .filter(({ dns }) => dns)
    .map((network) => ({
      ...{ name: network.name, internal: network.internal },
      gateways: network.subnets.flatMap(({ gateway }) => gateway ?? []),
      resolvers: network.internal ? [nobody] : chooseResolvers(network),
      containers: describe(network),
    }));
}

type NamedRecord = NonNullable<ReturnType<Engine["containers"]["find"]>>;

/** @param more Of the pod whose network it is: its containers are found by that. */
function namesOf({ id, name, config }: NamedRecord, network: string, more: readonly string[]): string[] {
  const attachment = config.network.networks?.find((each) => each.name === network);
  const names = [
    name,
    ...more,
    ...(attachment?.aliases ?? []),
    ...(config.hostname ? [config.hostname] : []),
    id.slice(0, 12),
  ];
  return [...new Set(names.map((each) => each.toLowerCase()))];
}

function resolversOf({ config }: NamedRecord): readonly string[] {
  return config.network.dnsServers.filter((server) => server !== "none");
}

function chooseResolvers({ dnsServers }: NetworkRecord): readonly string[] {
  return dnsServers.length > 0 ? dnsServers : reachableServers(readHostResolvConf(), uplinkResolver());
}
