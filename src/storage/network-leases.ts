import { DhowError } from "../errors.ts";
import { type Cidr, contains, formatIp, type IpAddress, parseCidr, parseIp } from "../model/ip-address.ts";
import type { EndpointAddress, NetworkAttachment, NetworkDefinition, NetworkSubnet } from "../model/network.ts";
import { bootId } from "../system/clock.ts";
import type { Database, Schema } from "./database.ts";

/** An address that a container has in a network. It counts only in the boot that gave it. */
export interface NetworkLease {
  readonly network: string;
  readonly address: string;
  readonly containerId: string;
}

export interface LeaseRequest {
  readonly network: NetworkDefinition;
  readonly attachment: NetworkAttachment;
}

/** Who has which address. Every step is one transaction: no two containers ever have the same one. */
export interface NetworkLeases {
  /**
   * Gives a container an address in each subnet of each network, in place of what it had there.
   * @returns For each request its addresses.
   * @throws {DhowError} `conflict` if a wanted address is taken, or none is left; `invalid-argument` for one outside.
   */
  take(containerId: string, requests: readonly LeaseRequest[]): EndpointAddress[][];
  /** Gives addresses back: those of one network, or all. Idempotent. */
  release(containerId: string, network?: string): void;
  list(): NetworkLease[];
  /** Forgets leases of starts that were killed before they were recorded. @returns How many. */
  forgetDeadStarts(): number;
  /** Who has an address. */
  holder(network: string, address: string): string | undefined;
}

export const networkLeasesSchema: Schema = {
  name: "network_leases",
  sql: `CREATE TABLE IF NOT EXISTS network_leases (
    network TEXT NOT NULL, address TEXT NOT NULL, container_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    boot_id TEXT NOT NULL, leased_at INTEGER NOT NULL, PRIMARY KEY (network, address)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS network_leases_by_container ON network_leases (container_id);
  CREATE TABLE IF NOT EXISTS network_positions (
    network TEXT NOT NULL, subnet TEXT NOT NULL, last TEXT NOT NULL, PRIMARY KEY (network, subnet)) WITHOUT ROWID`,
};

/** How long a start may take between the lease and the record that says that the container lives. */
const startMs = 60_000;

export function openNetworkLeases(database: Database): NetworkLeases {
  return {
    take: (containerId, requests) =>
      database.transaction(() => {
        database.run("DELETE FROM network_leases WHERE boot_id <> ?", bootId());
        return requests.map((request) => takeAddresses(database, containerId, request));
      }),
    release(containerId, network) {
      if (network === undefined) database.run("DELETE FROM network_leases WHERE container_id = ?", containerId);
      else database.run("DELETE FROM network_leases WHERE container_id = ? AND network = ?", containerId, network);
    },
    list() {
      const rows = database.all<{ network: string; address: string; container_id: string }>(
        "SELECT network, address, container_id FROM network_leases WHERE boot_id = ? ORDER BY leased_at, address",
        bootId(),
      );
      return rows.map((row) => ({ network: row.network, address: row.address, containerId: row.container_id }));
    },
    forgetDeadStarts: () => forgetDeadStarts(database),
    holder: (network, address) => holderOf(database, network, address),
  };
}

function holderOf(database: Database, network: string, address: string): string | undefined {
  return database.first<{ container_id: string }>(
    "SELECT container_id FROM network_leases WHERE network = ? AND address = ? AND boot_id = ?",
    ...[network, address, bootId()],
  )?.container_id;
}

function takeAddresses(
  database: Database,
  containerId: string,
  { network, attachment }: LeaseRequest,
): EndpointAddress[] {
  database.run("DELETE FROM network_leases WHERE container_id = ? AND network = ?", containerId, network.name);
  // Without addresses it is a member all the same.
  if (network.ipam === "none") insert(database, { network: network.name, address: `of ${containerId}`, containerId });
  const subnets = network.subnets.map((subnet) => ({ subnet, cidr: cidrOf(subnet) }));
  const wanted = [attachment.ip4, attachment.ip6].flatMap((text) => (text === undefined ? [] : [toIp(text)]));
  for (const ip of wanted) {
    if (subnets.some(({ cidr }) => contains(cidr, ip))) continue;
    throw new DhowError(`requested static ip ${formatIp(ip)} not in any subnet on network ${network.name}`, {
      kind: "invalid-argument",
    });
  }
  return subnets.map(({ subnet, cidr }) => {
    const fixed = wanted.find((ip) => contains(cidr, ip));
    const address = fixed
      ? checkFree(database, network.name, { subnet, ip: fixed })
      : nextFree(database, network.name, { subnet, cidr });
    insert(database, { network: network.name, address, containerId });
    const { gateway } = subnet;
    return { address, prefix: cidr.prefix, ...(gateway === undefined ? {} : { gateway }) };
  });
}

function insert(database: Database, { network, address, containerId }: NetworkLease): void {
  database.run(
    "INSERT INTO network_leases VALUES (?, ?, ?, ?, ?)",
    ...[network, address, containerId, bootId(), Date.now()],
  );
}

function checkFree(
  database: Database,
  network: string,
  { subnet, ip }: { readonly subnet: NetworkSubnet; readonly ip: IpAddress },
): string {
  const address = formatIp(ip);
  const holder = address === subnet.gateway ? "the gateway" : holderOf(database, network, address);
  if (holder === undefined) return address;
  const who = holder === "the gateway" ? holder : `container ID ${holder}`;
  throw new DhowError(`IPAM error: requested ip address ${address} is already allocated to ${who}`, {
    kind: "conflict",
  });
}

interface Pool {
  readonly subnet: NetworkSubnet;
  readonly cidr: Cidr;
}

/** The next one after the last that was given out, so that addresses are not used again at once. */
function nextFree(database: Database, network: string, { subnet, cidr }: Pool): string {
  const { start, end } = rangeOf(subnet, cidr);
  const last = database.first<{ last: string }>(
    "SELECT last FROM network_positions WHERE network = ? AND subnet = ?",
    ...[network, subnet.subnet],
  );
  const from = last ? toIp(last.last).value + 1n : start;
  const found =
    findFree(database, network, { subnet, family: cidr.family, start, end, from }) ??
    (forgetDeadStarts(database) > 0
      ? findFree(database, network, { subnet, family: cidr.family, start, end, from: start })
      : undefined);
  if (found === undefined) {
    const text = (value: bigint) => formatIp({ family: cidr.family, value });
    throw new DhowError(`IPAM error: failed to find free IP in range: ${text(start)} - ${text(end)}`, {
      kind: "conflict",
    });
  }
  database.run("INSERT OR REPLACE INTO network_positions VALUES (?, ?, ?)", network, subnet.subnet, found);
  return found;
}

function forgetDeadStarts(database: Database): number {
  return database.run(
    `DELETE FROM network_leases WHERE leased_at < ?
     AND container_id IN (SELECT id FROM containers WHERE state IN ('created', 'exited'))`,
    Date.now() - startMs,
  );
}

interface Search {
  readonly subnet: NetworkSubnet;
  readonly family: 4 | 6;
  readonly start: bigint;
  readonly end: bigint;
  readonly from: bigint;
}

function findFree(database: Database, network: string, { subnet, family, start, end, from }: Search) {
  const rows = database.all<{ address: string }>("SELECT address FROM network_leases WHERE network = ?", network);
  const taken = new Set(rows.map(({ address }) => address));
  if (subnet.gateway !== undefined) taken.add(subnet.gateway);
  const free = (first: bigint, last: bigint) => {
    for (let value = first; value <= last; value++) {
      const address = formatIp({ family, value });
      if (!taken.has(address)) return address;
    }
    return undefined;
  };
  const begin = from < start || from > end ? start : from;
  return free(begin, end) ?? free(start, begin - 1n);
}

/** All but the first address, which names the network, and in IPv4 the last, which is everybody's. */
function rangeOf({ range }: NetworkSubnet, { family, first, last }: Cidr): { start: bigint; end: bigint } {
  const start = first === last ? first : first + 1n;
  const end = family === 4 && last - first > 1n ? last - 1n : last;
  if (!range) return { start, end };
  const [low, high] = [toIp(range.start).value, toIp(range.end).value];
  return { start: low < start ? start : low, end: high > end ? end : high };
}

/** What is stored has been checked. */
function toIp(text: string): IpAddress {
  return parseIp(text) ?? { family: 4, value: 0n };
}

function cidrOf({ subnet }: NetworkSubnet): Cidr {
  return parseCidr(subnet) ?? { family: 4, first: 0n, last: 0n, prefix: 32 };
}
