import type { NetworkConfig, PortMapping } from "../model/container-config.ts";

/**
 * The container's network behind pasta: an address of its own rather than a copy of the host's, so that the host's own
 * address means the host.
 */
export const pastaNetwork = { address: "10.0.2.100", netmask: "24", gateway: "10.0.2.2", resolver: "169.254.1.1" };

export interface PastaRequest {
  readonly program: string;
  readonly netns: string;
  readonly pidFile: string;
  readonly config: Pick<NetworkConfig, "options" | "ports">;
}

/**
 * The pasta command that connects a network namespace. It goes to the background when the network is ready. Only options
 * that all versions from 2023 on know.
 */
export function pastaCommand({ program, netns, pidFile, config }: PastaRequest): [string, ...string[]] {
  const { options, ports } = config;
  const given = (...names: readonly string[]) =>
    options.some((option) => names.includes(option.split("=", 1)[0] ?? ""));
  const mapsGateway = given("--map-gw");
  const { tcp, udp } = publishedArguments(ports);
  return [
    program,
    "--config-net",
    ...(given("-a", "--address") ? [] : ["--address", pastaNetwork.address]),
    ...(given("-a", "--address", "-n", "--netmask") ? [] : ["--netmask", pastaNetwork.netmask]),
    ...(given("-a", "--address", "-g", "--gateway") ? [] : ["--gateway", pastaNetwork.gateway]),
    ...(given("--dns-forward") ? [] : ["--dns-forward", pastaNetwork.resolver]),
    ...(mapsGateway ? [] : ["--no-map-gw"]),
    ...options.filter((option) => option !== "--map-gw"),
    ...(tcp.length > 0 || given("-t", "--tcp-ports") ? tcp : ["-t", "none"]),
    ...(udp.length > 0 || given("-u", "--udp-ports") ? udp : ["-u", "none"]),
    ...(given("-T", "--tcp-ns") ? [] : ["-T", "none"]),
    ...(given("-U", "--udp-ns") ? [] : ["-U", "none"]),
    ...(given("-d", "--debug", "--trace") ? [] : ["--quiet"]),
    ...(given("-P", "--pid") ? [] : ["--pid", pidFile]),
    "--netns",
    netns,
  ];
}

/** Publishes these ports and no others. */
export function pastaPortArguments(ports: readonly PortMapping[]): string[] {
  const { tcp, udp } = publishedArguments(ports);
  return [...(tcp.length > 0 ? tcp : ["-t", "none"]), ...(udp.length > 0 ? udp : ["-u", "none"])];
}

function publishedArguments(ports: readonly PortMapping[]): { readonly tcp: string[]; readonly udp: string[] } {
  const of = (wanted: PortMapping["protocol"]) => ports.filter(({ protocol }) => protocol === wanted);
  return { tcp: portArguments("-t", of("tcp")), udp: portArguments("-u", of("udp")) };
}

/** Neighbouring ports become one range. */
function portArguments(flag: "-t" | "-u", ports: readonly PortMapping[]): string[] {
  return groupPorts(ports).flatMap(({ first, count }) => {
    const { hostIp, hostPort, containerPort } = first;
    const range = (start: number) => (count === 1 ? `${start}` : `${start}-${start + count - 1}`);
    return [flag, `${hostIp === "" ? "" : `${hostIp}/`}${range(hostPort)}:${range(containerPort)}`];
  });
}

interface PortGroup {
  readonly first: PortMapping;
  readonly count: number;
}

function groupPorts(ports: readonly PortMapping[]): PortGroup[] {
  const groups: PortGroup[] = [];
  for (const port of ports) {
    const last = groups.at(-1);
    const continues =
      last !== undefined &&
      last.first.hostIp === port.hostIp &&
      last.first.hostPort + last.count === port.hostPort &&
      last.first.containerPort + last.count === port.containerPort;
    if (continues) groups[groups.length - 1] = { first: last.first, count: last.count + 1 };
    else groups.push({ first: port, count: 1 });
  }
  return groups;
}
