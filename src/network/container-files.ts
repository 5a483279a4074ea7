import type { NetworkConfig } from "../model/container-config.ts";
import { explainFailure } from "./explain.ts";
import { hostAddress } from "./host-address.ts";
import { containerHosts, readBaseHosts, readHostHosts } from "./hosts.ts";
import type { NetworkPlan } from "./network.ts";
import { containerResolvConf, type Resolvers, readHostResolvConf } from "./resolv-conf.ts";

export const nothingToDo = {
  commands: [],
  connect: undefined,
  state: undefined,
  explain: (output: string) => explainFailure("network", output, []),
} as const;

/**
 * A plan that does nothing to the machine, but has the container's files.
 * @param addresses The container's own; none for loopback.
 */
export function plain(
  config: NetworkConfig,
  resolvers: Resolvers,
  addresses: readonly string[],
): Omit<NetworkPlan, "namespace"> {
  const isolated = config.mode === "none";
  const host = isolated ? { servers: [], search: [], options: [] } : readHostResolvConf();
  return {
    ...nothingToDo,
    resolvConf: containerResolvConf(config, host, resolvers),
    hosts: ({ hostname, aliases }) => {
      if (config.noHosts) return undefined;
      return containerHosts({
        extraHosts: config.extraHosts,
        selves: (addresses.length > 0 ? addresses : ["127.0.0.1"]).map((address) => ({
          ...{ address, names: [hostname, ...aliases] },
        })),
        hostAddress: isolated ? undefined : hostAddress(),
        base: baseHosts(config, isolated),
        onHost: resolvers.onHost,
      });
    },
  };
}

function baseHosts({ hostsFile }: NetworkConfig, isolated: boolean): string {
  if (hostsFile === undefined) return isolated ? "" : readHostHosts();
  return hostsFile === "none" ? "" : readBaseHosts(hostsFile);
}
