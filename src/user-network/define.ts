import { networkInterfaces } from "node:os";
import { DhowError } from "../errors.ts";
import { type Cidr, formatCidr, formatIp, overlaps, parseCidr } from "../model/ip-address.ts";
import type { NetworkDefinition, NetworkRoute } from "../model/network.ts";
import type { NetworkRecord } from "../storage/networks.ts";
import { checkOptions } from "./options.ts";
import { completeSubnet, type SubnetRequest } from "./subnets.ts";

/** What was asked for; what is missing is chosen. */
export interface NetworkRequest {
  readonly name: string | undefined;
  readonly driver: string;
  readonly interfaceName: string | undefined;
  readonly subnets: readonly SubnetRequest[];
  readonly routes: readonly NetworkRoute[];
  readonly ipv6: boolean;
  readonly internal: boolean;
  readonly disableDns: boolean;
  readonly dnsServers: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  readonly ipamDriver: string | undefined;
}

const nameGrammar = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const regexError = "names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument";
/** What stands for something else behind `--network`. */
const modes = ["none", "host", "bridge", "private", "slirp4netns", "pasta", "container", "ns", "default"];

/**
 * A network with all that was left open filled in: a free name, bridge and subnet.
 * @param used Subnets of the machine that are not to be taken.
 * @throws {DhowError} `already-exists`, `invalid-argument` or `unsupported`, with podman's words.
 */
export function defineNetwork(
  request: NetworkRequest,
  others: readonly NetworkRecord[],
  used: readonly Cidr[] = subnetsOfMachine(),
): NetworkDefinition {
  checkDriver(request);
  const { options, interfaceName: bridge } = checkOptions(request.options);
  const taken = [...used, ...others.flatMap(({ subnets }) => subnets.flatMap(({ subnet }) => parseCidr(subnet) ?? []))];
  const name = request.name === undefined ? freeName(others) : checkName(request.name, others);
  const ipam = request.ipamDriver === "none" ? "none" : "host-local";
  const dns = !request.disableDns && ipam !== "none";
  if (request.dnsServers.length > 0 && !dns) {
    throw invalid("cannot set NetworkDNSServers if DNS is not enabled for the network: invalid argument");
  }
  const needsGateway = !request.internal || dns;
  const subnets = wantedSubnets(request, ipam, taken).map((subnet) => completeSubnet(subnet, needsGateway, taken));
  return {
    ...{ name, subnets, options, ipam, dns, routes: request.routes.map(checkRoute), internal: request.internal },
    interfaceName: chooseInterface(
      request.interfaceName ?? bridge,
      { name, isGiven: request.name !== undefined },
      others,
    ),
    ipv6: request.ipv6 || subnets.some(({ subnet }) => subnet.includes(":")),
    dnsServers: request.dnsServers,
    labels: request.labels,
  };
}

function checkDriver({ driver, ipamDriver, subnets }: NetworkRequest): void {
  if (driver === "macvlan" || driver === "ipvlan") {
    throw new DhowError(
      `cannot create a network with the driver ${driver}: it needs an interface of the host, and networks of a user without root have none`,
      { kind: "unsupported", hint: "use the driver bridge" },
    );
  }
  if (driver !== "bridge") throw invalid(`unsupported driver: ${driver}: invalid argument`);
  if (ipamDriver === "dhcp")
    throw invalid("ipam driver dhcp is not supported with the bridge driver: invalid argument");
  if (ipamDriver !== undefined && !["", "host-local", "none"].includes(ipamDriver)) {
    throw invalid(`unsupported ipam driver ${JSON.stringify(ipamDriver)}: invalid argument`);
  }
  if (ipamDriver === "none" && subnets.length > 0) throw invalid("none ipam driver is set but subnets are given");
}

function checkName(name: string, others: readonly NetworkRecord[]): string {
  if (modes.includes(name)) {
    throw invalid(
      `cannot create network with name ${JSON.stringify(name)} because it conflicts with a valid network mode`,
    );
  }
  if (!nameGrammar.test(name)) throw invalid(`network name ${name} invalid: ${regexError}`);
  if (others.some((other) => other.name === name)) {
    throw new DhowError(`network name ${name} already used: network already exists`, { kind: "already-exists" });
  }
  return name;
}

/** Names of bridges and of networks without another name are given alike. */
function freeName(others: readonly NetworkRecord[]): string {
  const taken = new Set(others.flatMap(({ name, interfaceName }) => [name, interfaceName]));
  for (let number = 1; ; number++) if (!taken.has(`podman${number}`)) return `podman${number}`;
}

function chooseInterface(
  wanted: string | undefined,
  { name, isGiven }: { readonly name: string; readonly isGiven: boolean },
  others: readonly NetworkRecord[],
): string {
  if (wanted === undefined || wanted === "") return isGiven ? freeName(others) : name;
  if (others.some(({ interfaceName }) => interfaceName === wanted))
    throw invalid(`bridge name ${wanted} already in use`);
  if (!nameGrammar.test(wanted)) throw invalid(`bridge name ${wanted} invalid: ${regexError}`);
  if (wanted.length > longestInterfaceName) {
    throw invalid(`bridge name ${wanted} invalid: it is longer than ${longestInterfaceName} characters`);
  }
  return wanted;
}
const longestInterfaceName = 15;

function wantedSubnets(
  { subnets, ipv6 }: NetworkRequest,
  ipam: NetworkDefinition["ipam"],
  taken: readonly Cidr[],
): SubnetRequest[] {
  if (ipam === "none") return [];
  const given = subnets.map(({ subnet }) => (subnet.includes(":") ? 6 : 4));
  const chosen: SubnetRequest[] = [...subnets];
  if (subnets.length === 0 || (ipv6 && !given.includes(4))) chosen.push({ subnet: freeSubnet4(taken) });
  if (ipv6 && !given.includes(6)) chosen.push({ subnet: freeSubnet6(taken) });
  return chosen;
}

/** 10.89.0.0/24 and those that follow, to the end of 10.0.0.0/8: podman's. */
function freeSubnet4(taken: readonly Cidr[]): string {
  const first = (10n << 24n) + (89n << 16n);
  const end = 11n << 24n;
  for (let value = first; value < end; value += 256n) {
    const cidr: Cidr = { family: 4, first: value, last: value + 255n, prefix: 24 };
    if (!taken.some((other) => overlaps(other, cidr))) return formatCidr(cidr);
  }
  throw new DhowError("could not find free subnet from subnet pools", { kind: "unavailable" });
}

/** One of the unique local addresses, as RFC 4193 has them made. */
function freeSubnet6(taken: readonly Cidr[]): string {
  for (;;) {
    const random = BigInt(`0x${Buffer.from(crypto.getRandomValues(new Uint8Array(7))).toString("hex")}`);
    const first = ((0xfdn << 56n) + random) << 64n;
    const cidr: Cidr = { family: 6, first, last: first + (1n << 64n) - 1n, prefix: 64 };
    if (!taken.some((other) => overlaps(other, cidr))) return formatCidr(cidr);
  }
}

function checkRoute(route: NetworkRoute): NetworkRoute {
  const cidr = parseCidr(route.destination);
  if (!cidr || formatCidr(cidr) !== `${formatIp({ family: cidr.family, value: cidr.first })}/${cidr.prefix}`) {
    throw invalid("route destination invalid");
  }
  const [address = ""] = route.destination.split("/");
  const network = formatCidr(cidr).split("/")[0];
  if (address.toLowerCase() !== network) throw invalid("route destination invalid");
  return route;
}

/** The machine's own subnets: containers reach what is in them only if no network of theirs has the same addresses. */
function subnetsOfMachine(): Cidr[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.flatMap(({ cidr }) => (cidr ? (parseCidr(cidr) ?? []) : [])),
  );
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
