import { DhowError } from "../../errors.ts";
import type { NetworkDefinition } from "../../model/network.ts";
import { childEnvironment } from "../../system/environment.ts";
import { findProgram, runWithBytes, tryRun } from "../../system/process.ts";
import type { NetworkPlace } from "../network.ts";
import { type BridgeTools, isAtLeast, type Version } from "./tools.ts";

/** A container and what it is to have, or has, of some networks. */
export interface NetavarkRequest {
  readonly containerId: string;
  readonly containerName: string;
  /** File of the container's network namespace. */
  readonly netns: string;
  readonly networks: readonly NetworkPlace[];
}

export interface NetavarkPlace {
  readonly tools: BridgeTools;
  /** File of the namespace that the bridges are in. */
  readonly sharedNetns: string;
  /** Where netavark may keep files. */
  readonly directory: string;
}

/**
 * Makes a container's interfaces, with the bridge, firewall rules and routes of its networks where they are missing.
 * Only one at a time: netavark checks and changes the firewall in several steps.
 * @throws {DhowError} `unavailable` with netavark's words; it has taken back what it had made.
 */
export function setUp(place: NetavarkPlace, request: NetavarkRequest): void {
  for (const { network } of request.networks) checkFeatures(network, place.tools.version);
  run(place, request, "setup");
  for (const { network } of request.networks) keepAddress(place.sharedNetns, network);
}

/**
 * Of itself a bridge takes the lowest hardware address of those that are connected to it, so that it would be another one
 * with every container that comes or goes, and containers would write to the old one for seconds.
 */
function keepAddress(sharedNetns: string, { id, interfaceName }: NetworkPlace["network"]): void {
  const mac = `02${id.slice(0, 10)}`.match(/../g)?.join(":") ?? "";
  const ip = findProgram("ip");
  if (ip !== undefined) tryRun(["nsenter", `--net=${sharedNetns}`, ip, "link", "set", interfaceName, "address", mac]);
}

/** What netavark learned later, and would ignore before. */
const features: readonly {
  readonly since: Version;
  readonly name: string;
  isUsed(network: NetworkDefinition): boolean;
}[] = [
  { since: [1, 7], name: "routes", isUsed: ({ routes }) => routes.length > 0 },
  { since: [1, 7], name: "no_default_route", isUsed: ({ options }) => options.no_default_route === "true" },
  { since: [1, 7], name: "isolate=strict", isUsed: ({ options }) => options.isolate === "strict" },
  { since: [1, 14], name: "vlan", isUsed: ({ options }) => options.vlan !== undefined },
];

/** @throws {DhowError} `unsupported`. */
function checkFeatures(network: NetworkDefinition, version: Version): void {
  const lacking = features.find(({ since, isUsed }) => isUsed(network) && !isAtLeast(version, since));
  if (!lacking) return;
  throw new DhowError(
    `network ${network.name} has ${lacking.name}, which needs netavark ${lacking.since.join(".")}: it is ${version.join(".")} here`,
    { kind: "unsupported", hint: "install a newer netavark, or make the network without it" },
  );
}

/** Removes a container's interfaces; with the last one of a network, its bridge and firewall rules. */
export function tearDown(place: NetavarkPlace, request: NetavarkRequest): void {
  run(place, request, "teardown");
}

function run({ tools, sharedNetns, directory }: NetavarkPlace, request: NetavarkRequest, action: "setup" | "teardown") {
  const result = runWithBytes(
    [
      ...(["nsenter", `--net=${sharedNetns}`, tools.netavark] as const),
      ...["--config", directory, "--rootless", "true", action, request.netns],
    ],
    {
      env: { ...childEnvironment(), NETAVARK_FW: tools.firewall },
      input: Buffer.from(JSON.stringify(optionsOf(request))),
    },
  );
  if (result.exitCode === 0) return;
  throw new DhowError(
    `cannot ${action === "setup" ? "set up" : "take down"} the container's network: netavark: ${reasonOf(result.stdout.toString("utf8"))}`,
    {
      kind: "unavailable",
      cause: result.stderr === "" ? undefined : new Error(result.stderr.trim()),
    },
  );
}

/** It writes `{"error":"..."}` on stdout. */
function reasonOf(stdout: string): string {
  try {
    return String((JSON.parse(stdout) as { error: unknown }).error);
  } catch {
    return stdout.trim() || "it gave no reason";
  }
}

/** Names and published ports are not its business: see docs/decisions/user-defined-networks.md. */
function optionsOf({ containerId, containerName, networks }: NetavarkRequest): object {
  return {
    container_id: containerId,
    container_name: containerName,
    networks: Object.fromEntries(
      networks.map(({ network, endpoint }) => [
        network.name,
        {
          interface_name: endpoint.interfaceName,
          static_ips: endpoint.addresses.map(({ address }) => address),
          static_mac: endpoint.mac,
        },
      ]),
    ),
    network_info: Object.fromEntries(networks.map(({ network }) => [network.name, infoOf(network)])),
  };
}

function infoOf(network: NetworkPlace["network"]): object {
  return {
    ...{ id: network.id, name: network.name, driver: "bridge", network_interface: network.interfaceName },
    ...{ internal: network.internal, ipv6_enabled: network.ipv6, dns_enabled: false },
    subnets: network.subnets.map(({ subnet, gateway }) => ({ subnet, ...(gateway === undefined ? {} : { gateway }) })),
    ...(network.routes.length > 0 ? { routes: network.routes } : {}),
    options: network.options,
    ipam_options: { driver: network.ipam },
  };
}
