import { defineCommand } from "../../cli/command.ts";
import { DhowError } from "../../errors.ts";
import { parseIp } from "../../model/ip-address.ts";
import type { NetworkRoute } from "../../model/network.ts";
import { createNetwork } from "../../user-network/create.ts";
import type { NetworkRequest } from "../../user-network/define.ts";
import { readPairs } from "../pairs.ts";

export const create = defineCommand({
  usage: "[options] [NAME]",
  summary: "Create a network for containers",
  description:
    "Creates a network: containers that are connected to it reach one another, by name unless --disable-dns is given, and the world unless it is --internal.",
  examples: [
    "dhow network create backend",
    "dhow network create --subnet 192.168.55.0/24 --gateway 192.168.55.3 office",
    "dhow network create --internal --ipv6 --label stage=test private",
  ],
  options: {
    attachable: { type: "boolean", describe: "Let containers connect to the network later (they always can)" },
    "disable-dns": { type: "boolean", describe: "Disable dns plugin" },
    dns: { type: "string", array: true, describe: "DNS servers this network will use", valueName: "strings" },
    driver: { type: "string", short: "d", default: "bridge", describe: "Driver to manage the network" },
    gateway: {
      type: "string",
      array: true,
      describe: "IPv4 or IPv6 gateway for the subnet",
      valueName: "ipSlice",
    },
    ignore: { type: "boolean", describe: "Don't fail if network already exists" },
    "interface-name": { type: "string", describe: "Interface name which is used by the driver" },
    internal: { type: "boolean", describe: "Restrict external access from this network" },
    "ip-range": {
      type: "string",
      array: true,
      describe: "Allocate container IP from range",
      valueName: "stringArray",
    },
    "ipam-driver": { type: "string", describe: "IP Address Management Driver (host-local, none)" },
    ipv6: { type: "boolean", describe: "Enable IPv6 networking" },
    label: { type: "string", array: true, describe: "Set metadata on a network", valueName: "stringArray" },
    opt: { type: "string", short: "o", array: true, describe: "Set driver specific options", valueName: "stringArray" },
    route: { type: "string", array: true, describe: "Static routes", valueName: "stringArray" },
    subnet: { type: "string", array: true, describe: "Subnets in CIDR format", valueName: "stringArray" },
  },
  operands: { max: 1, complete: "none" },
  run({ options, operands: [name] }, { engine, out }) {
    const request: NetworkRequest = {
      ...{ name, driver: options.driver || "bridge", interfaceName: options["interface-name"] },
      ...{ ipv6: options.ipv6, internal: options.internal, disableDns: options["disable-dns"] },
      subnets: readSubnets(options.subnet, splitAll(options.gateway), options["ip-range"]),
      routes: options.route.map(parseRoute),
      dnsServers: splitAll(options.dns).map(checkServer),
      labels: readPairs(options.label),
      options: readPairs(options.opt),
      ipamDriver: options["ipam-driver"],
    };
    out.line(createNetwork(engine, request, { ignore: options.ignore }).name);
  },
});

function splitAll(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(","));
}

/** Gateways and ranges belong to the subnets in their order. */
function readSubnets(
  subnets: readonly string[],
  gateways: readonly string[],
  ranges: readonly string[],
): NetworkRequest["subnets"] {
  if (subnets.length === 0 && gateways.length + ranges.length > 0) {
    throw invalid("cannot set gateway or range without subnet");
  }
  if (gateways.length > subnets.length) throw invalid("cannot set more gateways than subnets");
  if (ranges.length > subnets.length) throw invalid("cannot set more ranges than subnets");
  return subnets.map((subnet, index) => ({ subnet, gateway: gateways[index], range: ranges[index] }));
}

function parseRoute(text: string): NetworkRoute {
  const [destination = "", gateway = "", metric, ...more] = text.split(",");
  if (gateway === "" || more.length > 0) {
    throw invalid(`invalid route: ${text}\nFormat: --route <destination in CIDR>,<gateway>,<metric (optional)>`);
  }
  const [address = ""] = destination.split("/");
  if (!destination.includes("/") || !parseIp(address)) throw invalid(`invalid route destination ${destination}`);
  if (!parseIp(gateway)) throw invalid(`invalid route gateway ${gateway}`);
  if (metric === undefined) return { destination, gateway };
  if (!/^\d{1,10}$/.test(metric) || Number(metric) >= 2 ** 32) throw invalid(`invalid route metric ${metric}`);
  return { destination, gateway, metric: Number(metric) };
}

function checkServer(text: string): string {
  if (parseIp(text)) return text;
  throw invalid(`unable to parse ip ${text} specified in NetworkDNSServers: invalid argument`);
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
