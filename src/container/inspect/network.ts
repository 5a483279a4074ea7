import type { NetworkConfig, PortMapping } from "../../model/container-config.ts";
import type { NetworkEndpoint } from "../../model/network.ts";
import type { ContainerRecord } from "../../storage/containers.ts";
import { defaultNetworkName } from "../../storage/networks.ts";
import { endpointsOf } from "../networks/places.ts";
import { isLive } from "../state.ts";

interface PortBinding {
  readonly HostIp: string;
  readonly HostPort: string;
}

/** A container, and the one whose network it has. */
export interface InspectedNetwork {
  readonly record: ContainerRecord;
  readonly owner: ContainerRecord;
  /** The id of a network by its name. */
  networkId(name: string): string;
}

/** The part `NetworkSettings` of `inspect`; of pasta and slirp4netns, addresses belong to the helper program. */
export function inspectNetwork({ record, owner, networkId }: InspectedNetwork): object {
  const { config, state, networkState } = owner;
  const endpoints = isLive(state) ? endpointsOf(owner) : [];
  const { mode, networks = [] } = config.network;
  const [only] = endpoints.length === 1 && networks[0]?.name === defaultNetworkName ? endpoints : [];
  return {
    ...addressFields(only),
    Bridge: "",
    SandboxID: "",
    HairpinMode: false,
    LinkLocalIPv6Address: "",
    LinkLocalIPv6PrefixLen: 0,
    Ports: { ...unboundPorts(record.config.exposedPorts), ...portBindings(config.network.ports) },
    SandboxKey: isLive(state) ? sandboxKey(networkState) : "",
    Networks:
      mode === "bridge"
        ? inspectNetworks(owner, endpoints, networkId)
        : { [mode]: { ...addressFields(undefined), NetworkID: mode, DriverOpts: null, IPAMConfig: null, Links: null } },
  };
}

function inspectNetworks(
  { id, config }: ContainerRecord,
  endpoints: readonly NetworkEndpoint[],
  networkId: InspectedNetwork["networkId"],
): object {
  const networks = config.network.networks ?? [];
  return Object.fromEntries(
    networks.map(({ name, aliases }) => [
      name,
      {
        ...addressFields(endpoints.find(({ network }) => network === name)),
        NetworkID: networkId(name),
        ...{ DriverOpts: null, IPAMConfig: null, Links: null, Aliases: [...aliases, id.slice(0, 12)] },
      },
    ]),
  );
}

function addressFields(endpoint: NetworkEndpoint | undefined): object {
  const v4 = endpoint?.addresses.find(({ address }) => !address.includes(":"));
  const v6 = endpoint?.addresses.find(({ address }) => address.includes(":"));
  return {
    EndpointID: "",
    Gateway: v4?.gateway ?? "",
    IPAddress: v4?.address ?? "",
    IPPrefixLen: v4?.prefix ?? 0,
    IPv6Gateway: v6?.gateway ?? "",
    GlobalIPv6Address: v6?.address ?? "",
    GlobalIPv6PrefixLen: v6?.prefix ?? 0,
    MacAddress: endpoint?.mac ?? "",
  };
}

/** `pasta`, `container:ID`, `host`: as --network took it. */
export function networkMode({ mode, containerId, path }: NetworkConfig): string {
  if (mode === "ns") return `ns:${path}`;
  return containerId === undefined ? mode : `${mode}:${containerId}`;
}

/** The bindings of each container port, by `80/tcp`. */
export function portBindings(ports: readonly PortMapping[]): Record<string, PortBinding[]> {
  const bindings: Record<string, PortBinding[]> = {};
  for (const { hostIp, hostPort, containerPort, protocol } of ports) {
    const key = `${containerPort}/${protocol}`;
    bindings[key] ??= [];
    bindings[key].push({ HostIp: hostIp || "0.0.0.0", HostPort: String(hostPort) });
  }
  return bindings;
}

function unboundPorts(ports: readonly string[]): Record<string, null> {
  return Object.fromEntries(ports.map((port) => [port, null]));
}

function sandboxKey(state: unknown): string {
  const { netns } = (state ?? {}) as { netns?: unknown };
  return typeof netns === "string" ? netns : "";
}
