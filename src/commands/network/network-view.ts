import { toMap } from "../../cli/template/values.ts";
import type { NetworkMember } from "../../container/networks/members.ts";
import type { NetworkRecord } from "../../engine.ts";

/** One element of `network ls --format json`, in podman's form: what is empty is left out. */
export function networkJson(network: NetworkRecord): Record<string, unknown> {
  const { name, id, interfaceName, createdAt, subnets, routes, dnsServers, labels, options, ipam } = network;
  const isEmpty = (map: object) => Object.keys(map).length === 0;
  return {
    ...{ name, id, driver: "bridge", network_interface: interfaceName, created: createdAt.toISOString() },
    ...(subnets.length > 0 ? { subnets: subnets.map(subnetJson) } : {}),
    ...(routes.length > 0 ? { routes } : {}),
    ...{ ipv6_enabled: network.ipv6, internal: network.internal, dns_enabled: network.dns },
    ...(dnsServers.length > 0 ? { network_dns_servers: dnsServers } : {}),
    ...(isEmpty(labels) ? {} : { labels }),
    ...(isEmpty(options) ? {} : { options }),
    ipam_options: { driver: ipam },
  };
}

function subnetJson({ subnet, gateway, range }: NetworkRecord["subnets"][number]): object {
  return {
    subnet,
    ...(gateway === undefined ? {} : { gateway }),
    ...(range ? { lease_range: { start_ip: range.start, end_ip: range.end } } : {}),
  };
}

/** What `network inspect` shows. */
export function inspectedNetwork(network: NetworkRecord, members: readonly NetworkMember[]): object {
  const containers = Object.fromEntries(members.map((member) => [member.id, memberJson(member)]));
  return { ...networkJson(network), containers };
}

function memberJson({ name, endpoint }: NetworkMember): object {
  const subnets = endpoint.addresses.map(({ address, prefix, gateway }) => ({
    ...{ ipnet: `${address}/${prefix}` },
    ...(gateway === undefined ? {} : { gateway }),
  }));
  return { name, interfaces: { [endpoint.interfaceName]: { subnets, mac_address: endpoint.mac } } };
}

/** What a template of `network inspect` sees. */
export function networkFields(network: NetworkRecord): Record<string, unknown> {
  return {
    ...{ Name: network.name, ID: network.id, Driver: "bridge", NetworkInterface: network.interfaceName },
    Created: network.createdAt,
    Subnets: network.subnets.map(({ subnet, gateway, range }) => ({
      ...{ Subnet: subnet, Gateway: gateway ?? "" },
      LeaseRange: range ? { StartIP: range.start, EndIP: range.end } : null,
    })),
    Routes: network.routes.map(({ destination, gateway, metric }) => ({
      ...{ Destination: destination, Gateway: gateway, Metric: metric ?? null },
    })),
    ...{ IPv6Enabled: network.ipv6, Internal: network.internal, DNSEnabled: network.dns },
    NetworkDNSServers: network.dnsServers,
    Labels: toMap(network.labels),
    Options: toMap(network.options),
    IPAMOptions: toMap({ driver: network.ipam }),
    // Docker's names.
    ...{ Scope: "local", EnableIPv6: network.ipv6, IPv6: network.ipv6, CreatedAt: network.createdAt },
  };
}

/** What a template of `network ls` sees: labels are one text, as in docker. */
export function networkListFields(network: NetworkRecord, noTrunc: boolean): Record<string, unknown> {
  const labels = Object.entries(network.labels).map(([key, value]) => `${key}=${value}`);
  return {
    ...networkFields(network),
    ID: noTrunc ? network.id : network.id.slice(0, 12),
    Labels: labels.sort().join(","),
    Label: (key: string) => network.labels[key] ?? "",
  };
}
