import type { ContainerConfig, NetworkConfig } from "../../model/container-config.ts";
import type { ContainerDefaults } from "../../oci/image.ts";
import { absolutePath } from "./environment.ts";
import type { CallerFacts, NetworkFlags } from "./flags.ts";
import { isUserNetwork, type NetworkMode, parseNetworks } from "./networks.ts";
import { podNetwork } from "./pod.ts";
import { buildPorts, expandExposed, isIpv4, isIpv6 } from "./ports.ts";
import { cut, invalid, splitList, unsupported } from "./values.ts";

export type NetworkPart = Pick<ContainerConfig, "network" | "exposedPorts">;

/** How the container reaches others and others reach it. */
export function buildNetwork(flags: NetworkFlags, image: ContainerDefaults, caller: CallerFacts): NetworkPart {
  const ofPod = podNetwork(flags, caller);
  const exposedPorts = expandExposed([...Object.keys(image.ExposedPorts ?? {}), ...splitList(flags.expose)]);
  if (ofPod) return { network: ofPod, exposedPorts };
  const mode: NetworkMode = parseNetworks(flags, caller);
  const ports = buildPorts(
    {
      publish: splitList(flags.publish),
      exposed: flags["publish-all"] ? exposedPorts.filter((port) => !port.endsWith("/sctp")) : [],
    },
    caller,
  );
  const forwards = mode.mode === "pasta" || mode.mode === "slirp4netns" || isUserNetwork(mode);
  if (ports.length > 0 && !forwards) {
    caller.warn(
      "Port mappings have been discarded as one of the Host, Container, Pod, and None network modes are in use",
    );
  }
  const network: NetworkConfig = {
    ...mode,
    ports: forwards ? ports : [],
    ...readNames(flags),
    noHosts: checkHosts(flags),
    ...readHostsFile(flags["hosts-file"], caller),
    noHostname: flags["no-hostname"],
  };
  return { network, exposedPorts };
}

function readNames(flags: NetworkFlags): Pick<NetworkConfig, "dnsServers" | "dnsSearch" | "dnsOptions" | "extraHosts"> {
  const dnsServers = splitList(flags.dns);
  if (dnsServers.includes("none") && dnsServers.length + flags["dns-search"].length + flags["dns-option"].length > 1) {
    throw invalid("--dns none excludes other --dns, --dns-search and --dns-option values");
  }
  for (const server of dnsServers) {
    if (server !== "none" && !isIpv4(server) && !isIpv6(server)) throw invalid(`${server} is not an ip address`);
  }
  return {
    dnsServers,
    dnsSearch: splitList(flags["dns-search"]),
    dnsOptions: splitList(flags["dns-option"]),
    extraHosts: splitList(flags["add-host"]).map(checkExtraHost),
  };
}

/** `name[;name...]:address`; the address may be host-gateway. Brackets around IPv6 are dropped. */
function checkExtraHost(text: string): string {
  const [names, address] = cut(text, ":");
  if (address === undefined || names === "") throw invalid(`invalid format for add-host: ${JSON.stringify(text)}`);
  const plain = /^\[(.*)\]$/.exec(address)?.[1] ?? address;
  if (plain !== "host-gateway" && !isIpv4(plain) && !isIpv6(plain)) {
    throw invalid(`invalid IP address in add-host: ${JSON.stringify(address)}`);
  }
  return `${names}:${plain}`;
}

/** What /etc/hosts begins with, as an absolute path or `none`. */
function readHostsFile(given: string | undefined, { cwd }: CallerFacts): Pick<NetworkConfig, "hostsFile"> {
  if (given === undefined || given === "") return {};
  if (given === "image")
    throw unsupported("--hosts-file image is not supported yet", "use --no-hosts to keep the image's file as it is");
  return { hostsFile: given === "none" ? given : absolutePath(given, cwd) };
}

function checkHosts(flags: NetworkFlags): boolean {
  if (flags["no-hosts"] && flags["add-host"].length > 0) {
    throw invalid("--no-hosts and --add-host cannot be set together");
  }
  return flags["no-hosts"];
}
