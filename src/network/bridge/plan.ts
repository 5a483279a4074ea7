import { DhowError } from "../../errors.ts";
import { findProgram } from "../../system/process.ts";
import { plain } from "../container-files.ts";
import { explainFailure } from "../explain.ts";
import { makeNamespace, networkFiles, networkState } from "../helper-files.ts";
import type { NetworkPlace, NetworkPlan, NetworkRequest } from "../network.ts";
import { checkPortsOfAllAddresses, checkPrivilegedPorts } from "../ports.ts";
import { uplinkResolver } from "../uplink.ts";

/** What a start has to do for a container in networks; the caller adds how it is attached to them. */
export function planBridge({ config, runDirectory, places = [] }: NetworkRequest): NetworkPlan {
  checkPrivilegedPorts(config.ports);
  checkPortsOfAllAddresses(config.ports);
  const { netns } = networkFiles(runDirectory);
  const addresses = places.flatMap(({ endpoint }) => endpoint.addresses.map(({ address }) => address));
  const hasWayOut = places.some(({ network }) => !network.internal);
  return {
    ...plain(
      config,
      { forwarder: hasWayOut ? uplinkResolver() : undefined, onHost: false, ofNetworks: resolversOf(places) },
      addresses,
    ),
    namespace: { kind: "path", path: netns },
    commands: [makeNamespace(netns)],
    connect: undefined,
    explain: (output) => explainFailure("the network", output, config.ports),
    state: { ...networkState("bridge", runDirectory), endpoints: places.map(({ endpoint }) => endpoint) },
  };
}

/** Those that the versions of aardvark-dns all listen on come first, and alone if there are any. */
function resolversOf(places: readonly NetworkPlace[]): string[] {
  if (findProgram("aardvark-dns") === undefined) return [];
  const gateways = places
    .filter(({ network }) => network.dns)
    .flatMap(({ endpoint }) => endpoint.addresses.flatMap(({ gateway }) => gateway ?? []));
  const v4 = gateways.filter((gateway) => !gateway.includes(":"));
  return v4.length > 0 ? v4 : gateways;
}

/** The place that published ports of a container lead to: its first one with a way out. */
export function portPlace(places: readonly NetworkPlace[]): NetworkPlace | undefined {
  return places.find(({ network, endpoint }) => !network.internal && endpoint.addresses.length > 0);
}

/** @throws {DhowError} `unsupported` if ports are to be published, but no network leads out. */
export function requirePortPlace(places: readonly NetworkPlace[]): NetworkPlace {
  const place = portPlace(places);
  if (place) return place;
  const names = places.map(({ network }) => network.name).join(", ");
  throw new DhowError(`cannot publish ports: none of the container's networks leads out: ${names || "it has none"}`, {
    kind: "unsupported",
    hint: "connect the container to a network that is not --internal as well",
  });
}
