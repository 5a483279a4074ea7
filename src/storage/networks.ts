import { DhowError } from "../errors.ts";
import type { NetworkDefinition } from "../model/network.ts";
import type { Database, Schema } from "./database.ts";
import { randomHex } from "./hash.ts";
import { type NetworkLeases, openNetworkLeases } from "./network-leases.ts";

export interface NetworkRecord extends NetworkDefinition {
  /** 64 hex digits. */
  readonly id: string;
  readonly createdAt: Date;
}

export interface NetworkStore {
  /** By name; the default network is always there. */
  list(): NetworkRecord[];
  /** By name, id, or unique prefix of an id. @throws {DhowError} `conflict` if a prefix fits several. */
  find(nameOrId: string): NetworkRecord | undefined;
  /** @throws {DhowError} `not-found`: podman's `unable to find network with name or ID X: network not found`. */
  get(nameOrId: string): NetworkRecord;
  /**
   * Records a network that `make` defines with the knowledge of all others, in one step: no two get the same subnet.
   * @throws What `make` throws.
   */
  add(make: (others: readonly NetworkRecord[]) => NetworkDefinition): NetworkRecord;
  /** @throws {DhowError} `not-found`. */
  update(name: string, change: Partial<Omit<NetworkDefinition, "name">>): NetworkRecord;
  /** @throws {DhowError} `conflict` if containers are connected to it, and for the default network. */
  remove(name: string): void;
  /** Ids of the containers that are connected to a network, whether they run or not. */
  users(name: string): string[];
  /** Names of all networks that containers are connected to. */
  used(): ReadonlySet<string>;
  readonly leases: NetworkLeases;
}

export const networksSchema: Schema = {
  name: "networks",
  sql: `CREATE TABLE IF NOT EXISTS networks (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL, definition TEXT NOT NULL)`,
};

/** The network of `--network bridge`. It has no row as long as nobody has changed it. */
const defaultDefinition: NetworkDefinition = {
  ...{ name: "podman", interfaceName: "podman0", subnets: [{ subnet: "10.88.0.0/16", gateway: "10.88.0.1" }] },
  ...{ routes: [], ipv6: false, internal: false, dns: false, dnsServers: [], labels: {}, options: {} },
  ipam: "host-local",
};

export const defaultNetworkName = defaultDefinition.name;

interface NetworkRow {
  readonly id: string;
  readonly name: string;
  readonly created_at: number;
  readonly definition: string;
}

export function openNetworks(database: Database): NetworkStore {
  const find = (nameOrId: string) => findNetwork(database, nameOrId);
  const get = (nameOrId: string) => find(nameOrId) ?? throwUnknown(nameOrId);
  return {
    list: () => listNetworks(database),
    find,
    get,
    add: (make) =>
      database.transaction(() => {
        const definition = make(listNetworks(database));
        const record = { id: randomHex(32), createdAt: new Date(), ...definition };
        insert(database, record);
        return record;
      }),
    update: (name, change) =>
      database.transaction(() => {
        const record = get(name);
        const changed = { ...record, ...change };
        database.run("DELETE FROM networks WHERE name = ?", record.name);
        insert(database, changed);
        return changed;
      }),
    remove: (name) => database.transaction(() => remove(database, get(name))),
    users: (name) => usersOf(database, name),
    used() {
      const rows = database.all<{ name: string }>(
        "SELECT DISTINCT value ->> '$.name' AS name FROM containers, json_each(containers.config, '$.network.networks')",
      );
      return new Set(rows.map((row) => row.name));
    },
    leases: openNetworkLeases(database),
  };
}

function throwUnknown(nameOrId: string): never {
  throw unknownNetwork(nameOrId);
}

export function unknownNetwork(nameOrId: string): DhowError {
  return new DhowError(`unable to find network with name or ID ${nameOrId}: network not found`, { kind: "not-found" });
}

/** Whether a network of that very name exists. For transactions of other stores. */
export function isNetwork(database: Database, name: string): boolean {
  return name === defaultNetworkName || database.first("SELECT 1 FROM networks WHERE name = ?", name) !== undefined;
}

function listNetworks(database: Database): NetworkRecord[] {
  const rows = database.all<NetworkRow>("SELECT * FROM networks").map(fromRow);
  const all = rows.some(({ name }) => name === defaultNetworkName) ? rows : [defaultRecord(), ...rows];
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function findNetwork(database: Database, nameOrId: string): NetworkRecord | undefined {
  const row = database.first<NetworkRow>(
    "SELECT * FROM networks WHERE name = ? OR id = ? ORDER BY name = ? DESC LIMIT 1",
    ...[nameOrId, nameOrId, nameOrId],
  );
  if (row) return fromRow(row);
  if (nameOrId === defaultNetworkName) return defaultRecord();
  if (!/^[0-9a-f]{1,64}$/.test(nameOrId)) return undefined;
  const found = listNetworks(database).filter(({ id }) => id.startsWith(nameOrId));
  if (found.length > 1) {
    throw new DhowError(`more than one result for network ID ${nameOrId}`, { kind: "conflict" });
  }
  return found[0];
}

/** The id is podman's: the digest of the name. */
function defaultRecord(): NetworkRecord {
  const id = "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9";
  return { id, createdAt: new Date(), ...defaultDefinition };
}

function insert(database: Database, { id, createdAt, ...definition }: NetworkRecord): void {
  database.run(
    "INSERT INTO networks VALUES (?, ?, ?, ?)",
    ...[id, definition.name, createdAt.getTime(), JSON.stringify(definition)],
  );
}

function remove(database: Database, { name }: NetworkRecord): void {
  if (name === defaultNetworkName) {
    throw new DhowError(`default network ${name} cannot be removed`, { kind: "conflict", exitCode: 125 });
  }
  if (usersOf(database, name).length > 0) {
    throw new DhowError(
      `${JSON.stringify(name)} has associated containers with it. Use -f to forcibly delete containers and pods: network is being used`,
      { kind: "conflict" },
    );
  }
  database.run("DELETE FROM networks WHERE name = ?", name);
}

function usersOf(database: Database, name: string): string[] {
  const rows = database.all<{ id: string }>(
    "SELECT id FROM containers WHERE EXISTS (SELECT 1 FROM json_each(containers.config, '$.network.networks') WHERE value ->> '$.name' = ?)",
    name,
  );
  return rows.map(({ id }) => id);
}

function fromRow({ id, created_at: createdAt, definition }: NetworkRow): NetworkRecord {
  return { id, createdAt: new Date(createdAt), ...(JSON.parse(definition) as NetworkDefinition) };
}
