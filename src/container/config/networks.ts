import type { NetworkConfig } from "../../model/container-config.ts";
import { parseMac } from "../../model/ip-address.ts";
import type { NetworkAttachment } from "../../model/network.ts";
import { absolutePath } from "./environment.ts";
import type { CallerFacts, NetworkFlags } from "./flags.ts";
import { isIpv4, isIpv6 } from "./ports.ts";
import { cut, invalid, splitList } from "./values.ts";

export type NetworkMode = Pick<NetworkConfig, "mode" | "containerId" | "options" | "networks" | "path">;

type Flags = Pick<NetworkFlags, "network" | "network-alias" | "ip" | "ip6" | "mac-address">;

/** Podman's name of the network that `bridge` stands for. */
const defaultNetwork = "podman";

/** What the values of --network ask for, with --ip, --ip6, --mac-address and --network-alias for the only network. */
export function parseNetworks(flags: Flags, caller: CallerFacts): NetworkMode {
  const modes = (flags.network.length > 0 ? flags.network : ["private"]).map((text) => parseNetwork(text, caller));
  const [first, ...others] = modes;
  if (first === undefined) return { mode: "none", options: [] };
  if (others.length > 0 && !modes.every(isUserNetwork)) {
    throw invalid(
      `cannot set multiple networks without bridge network mode, selected mode ${nameOf(modes)}: invalid argument`,
    );
  }
  return isUserNetwork(first) ? connect(modes, flags, caller) : refuseAddresses(first, flags);
}

export function isUserNetwork({ mode }: NetworkMode): boolean {
  return mode === "bridge";
}

function nameOf(modes: readonly NetworkMode[]): string {
  return modes.find((each) => !isUserNetwork(each))?.mode ?? "bridge";
}

function parseNetwork(text: string, caller: CallerFacts): NetworkMode {
  const [name, rest] = cut(text, ":");
  switch (name) {
    case "":
    case "default":
    case "private":
      return chooseDefault(caller);
    case "none":
    case "host":
      if (rest !== undefined) throw invalid(`invalid network ${JSON.stringify(text)}: ${name} takes no options`);
      return { mode: name, options: [] };
    case "pasta":
      return { mode: name, options: [...(caller.configured.pastaOptions ?? []), ...splitOptions(rest)] };
    case "slirp4netns":
      return { mode: name, options: splitOptions(rest) };
    case "container":
      if (!rest) throw invalid("namespace mode container requires a value");
      return { mode: "container", containerId: caller.resolveContainer(rest), options: [] };
    case "ns":
      if (!rest) throw invalid('must provide a path to a namespace when specifying "ns:"');
      return { mode: "ns", path: absolutePath(rest, caller.cwd), options: [] };
    case "bridge":
      return { mode: "bridge", options: [], networks: [parseAttachment(defaultNetwork, rest)] };
    default:
      if (rest === undefined)
        return { mode: "bridge", options: [], networks: name.split(",").map((each) => parseAttachment(each)) };
      return { mode: "bridge", options: [], networks: [parseAttachment(name, rest)] };
  }
}

function splitOptions(text: string | undefined): string[] {
  return text ? text.split(",") : [];
}

function chooseDefault({ configured, defaultNetwork }: CallerFacts): NetworkMode {
  const wanted = configured.rootlessNetwork ?? defaultNetwork;
  if (wanted !== "pasta" && wanted !== "slirp4netns") {
    throw invalid(`invalid default_rootless_network_cmd option ${JSON.stringify(wanted)}`);
  }
  return { mode: wanted, options: wanted === "pasta" ? (configured.pastaOptions ?? []) : [] };
}

/** `ip=..,ip6=..,mac=..,alias=..,interface_name=..` */
function parseAttachment(name: string, options?: string): NetworkAttachment {
  let attachment: NetworkAttachment = { name, aliases: [] };
  for (const option of options ? options.split(",") : []) {
    const [key, value] = cut(option, "=");
    if (value === undefined || value === "")
      throw invalid(`invalid option ${JSON.stringify(option)} for network ${name}: no value given`);
    switch (key) {
      case "ip":
      case "ip6":
        attachment = { ...attachment, ...readAddress(value) };
        break;
      case "mac":
        attachment = { ...attachment, mac: readMac(value) };
        break;
      case "alias":
        attachment = { ...attachment, aliases: [...attachment.aliases, checkAlias(value)] };
        break;
      case "interface_name":
        attachment = { ...attachment, interfaceName: checkInterface(value) };
        break;
      default:
        throw invalid(`unknown bridge network option: ${key}`);
    }
  }
  return attachment;
}

/** Networks by their full names, each once. */
function connect(modes: readonly NetworkMode[], flags: Flags, caller: CallerFacts): NetworkMode {
  const networks = modes
    .flatMap((mode) => mode.networks ?? [])
    .map((network) => ({ ...network, name: caller.networkName(network.name) }));
  const twice = networks.find(({ name }, index) => networks.findIndex((other) => other.name === name) < index);
  if (twice) throw invalid(`network ${twice.name} is given more than once`);
  const common = readCommon(flags);
  const isSingle = networks.length === 1;
  if (!isSingle && (common.ip4 ?? common.ip6 ?? common.mac) !== undefined) {
    throw invalid(
      "--ip, --ip6 and --mac-address can only be set for a single network: invalid argument",
      "use --network NAME:ip=ADDRESS,mac=ADDRESS for each",
    );
  }
  const { aliases, ...addresses } = common;
  return {
    mode: "bridge",
    options: [],
    networks: networks.map((network) => ({ ...network, ...addresses, aliases: [...network.aliases, ...aliases] })),
  };
}

function refuseAddresses(mode: NetworkMode, flags: Flags): NetworkMode {
  const { aliases, ip4, ip6, mac } = readCommon(flags);
  const given = [
    ...(ip4 === undefined ? [] : ["ip"]),
    ...(ip6 === undefined ? [] : ["ip6"]),
    ...(mac === undefined ? [] : ["mac-address"]),
    ...(aliases.length > 0 ? ["network-alias"] : []),
  ];
  if (given.length === 0) return mode;
  const isChosen = flags.network.some((text) => !["", "default", "private"].includes(text));
  throw invalid(
    isChosen
      ? `--${given[0]} can only be set when the network mode is bridge: invalid argument`
      : "networks and static ip/mac address can only be used with Bridge mode networking",
    "use --network bridge, or a network of your own: dhow network create",
  );
}

function readCommon(flags: Flags): Omit<NetworkAttachment, "name"> {
  if (flags.ip !== undefined && !isIpv4(flags.ip)) throw invalid(`${flags.ip} is not an ip address`);
  if (flags.ip6 !== undefined && !isIpv6(flags.ip6)) throw invalid(`${flags.ip6} is not an ip address`);
  return {
    ...(flags.ip === undefined ? {} : { ip4: flags.ip }),
    ...(flags.ip6 === undefined ? {} : { ip6: flags.ip6.toLowerCase() }),
    ...(flags["mac-address"] === undefined ? {} : { mac: readMac(flags["mac-address"]) }),
    aliases: splitList(flags["network-alias"]).map(checkAlias),
  };
}

function readAddress(text: string): Pick<NetworkAttachment, "ip4" | "ip6"> {
  if (isIpv4(text)) return { ip4: text };
  if (isIpv6(text)) return { ip6: text.toLowerCase() };
  throw invalid(`invalid ip address ${JSON.stringify(text)}`);
}

/** @throws {DhowError} `invalid-argument` with podman's words. */
export function readMac(text: string): string {
  const mac = parseMac(text);
  if (mac === undefined) throw invalid(`address ${text}: invalid MAC address`);
  return mac;
}

/**
 * Names stand in files of the resolver, separated by commas and spaces.
 * @throws {DhowError} `invalid-argument`.
 */
export function checkAlias(text: string): string {
  if (/^[\w.-]{1,253}$/.test(text)) return text;
  throw invalid(`invalid network alias ${JSON.stringify(text)}`, "use letters, digits, dots and hyphens");
}

function checkInterface(text: string): string {
  if (/^[\w.-]{1,15}$/.test(text) && text !== "." && text !== "..") return text;
  throw invalid(`invalid interface name ${JSON.stringify(text)}`, "use at most 15 letters, digits, dots and hyphens");
}
