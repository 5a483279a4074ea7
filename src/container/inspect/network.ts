import type { NetworkConfig, PortMapping } from "../../model/container-config.ts";
import type { ContainerRecord } from "../../storage/containers.ts";
import { isLive } from "../state.ts";

interface PortBinding {
  readonly HostIp: string;
  readonly HostPort: string;
}

/** The part `NetworkSettings` of `inspect`: what is the container's own; addresses belong to the helper program. */
export function inspectNetwork({ config, state, networkState }: ContainerRecord): object {
  const address = {
    EndpointID: "",
    Gateway: "",
    IPAddress: "",
    IPPrefixLen: 0,
    IPv6Gateway: "",
    GlobalIPv6Address: "",
    GlobalIPv6PrefixLen: 0,
    MacAddress: "",
  };
  return {
    ...address,
    Bridge: "",
    SandboxID: "",
    HairpinMode: false,
    LinkLocalIPv6Address: "",
    LinkLocalIPv6PrefixLen: 0,
    Ports: { ...unboundPorts(config.exposedPorts), ...portBindings(config.network.ports) },
    SandboxKey: isLive(state) ? sandboxKey(networkState) : "",
    Networks: {
      [config.network.mode]: {
        ...address,
        NetworkID: config.network.mode,
        DriverOpts: null,
        IPAMConfig: null,
        Links: null,
      },
    },
  };
}

/** `pasta`, `container:ID`, `host`: as --network took it. */
export function networkMode({ mode, containerId }: NetworkConfig): string {
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
