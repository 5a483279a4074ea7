import { chownSync, mkdirSync, renameSync } from "node:fs";
import { DhowError, errnoOf } from "../errors.ts";
import type { Database, Schema, SqlValue } from "./database.ts";
import type { Leases } from "./leases.ts";
import type { Locks } from "./locks.ts";
import { isMountPoint, unmountAll } from "./mounts.ts";
import { newTemporaryPath, removeTree } from "./temporary.ts";

/** A file system that is mounted at a volume's place for as long as somebody uses the volume. */
export interface VolumeMount {
  /** As mount(8) has it; undefined for a bind mount. */
  readonly type: string | undefined;
  readonly device: string;
  readonly options: readonly string[];
}

/** A folder with a name that outlives containers. */
export interface VolumeRecord {
  readonly name: string;
  readonly createdAt: Date;
  readonly labels: Readonly<Record<string, string>>;
  /** The driver's options as `inspect` shows them. */
  readonly options: Readonly<Record<string, string>>;
  /** Whether dhow made up its name: `prune` removes it when nobody uses it. */
  readonly anonymous: boolean;
  /** Owner, as the user's namespace has it. */
  readonly uid: number;
  readonly gid: number;
  readonly mount: VolumeMount | undefined;
  /** Whether the first container that uses it still has to fill it with what its image has at that place. */
  readonly needsCopyUp: boolean;
  /** Whether its folder still gets the owner and mode of the place where a container mounts it. */
  readonly needsChown: boolean;
  /** The boot in which `volume mount` mounted it; undefined if it did not. */
  readonly mountedIn: string | undefined;
}

export type VolumeChange = Partial<Pick<VolumeRecord, "needsCopyUp" | "needsChown" | "mountedIn">>;

export interface VolumeStore {
  /** By name. */
  list(): VolumeRecord[];
  /** By name or unique prefix of one. @throws {DhowError} `conflict` if a prefix fits several. */
  find(name: string): VolumeRecord | undefined;
  /** @throws {DhowError} `not-found`: podman's `no volume with name "X" found: no such volume`. */
  get(name: string): VolumeRecord;
  /**
   * Records a volume and makes its empty folder.
   * @throws {DhowError} `already-exists`: podman's `volume with name X already exists: volume already exists`.
   */
  add(record: Omit<VolumeRecord, "mountedIn">): VolumeRecord;
  update(name: string, change: VolumeChange): void;
  /**
   * Removes a volume with all that is in it.
   * @throws {DhowError} `conflict` if containers use it, naming them. `not-found`.
   */
  remove(name: string): void;
  /** Keeps volumes, also those that do not exist yet, from being removed until it is disposed of or this process ends. */
  lease(names: readonly string[]): Disposable;
  /** Ids of the containers that use a volume, the oldest first. */
  users(name: string): string[];
  /** How many containers use each volume; those that none uses are left out. */
  countUsers(): ReadonlyMap<string, number>;
  /** Ends the use of a volume by a container that is being removed. */
  release(name: string, containerId: string): void;
  /** `volumes/NAME` in the data folder. */
  directory(name: string): string;
  /** `volumes/NAME/_data`: what containers see. */
  dataDirectory(name: string): string;
  /** Runs `work` while no other dhow process mounts, fills or removes this volume. */
  withLock<T>(name: string, work: () => Promise<T> | T): Promise<T>;
}

export const volumesSchema: Schema = {
  name: "volumes",
  sql: `CREATE TABLE IF NOT EXISTS volumes (
    name TEXT PRIMARY KEY, created_at INTEGER NOT NULL, labels TEXT NOT NULL, options TEXT NOT NULL,
    anonymous INTEGER NOT NULL, uid INTEGER NOT NULL, gid INTEGER NOT NULL, mount TEXT,
    needs_copy_up INTEGER NOT NULL, needs_chown INTEGER NOT NULL, mounted_in TEXT);
  CREATE TABLE IF NOT EXISTS volume_users (
    container_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    volume TEXT NOT NULL REFERENCES volumes (name), PRIMARY KEY (container_id, volume)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS volume_users_by_volume ON volume_users (volume)`,
};

interface VolumeRow {
  readonly name: string;
  readonly created_at: number;
  readonly labels: string;
  readonly options: string;
  readonly anonymous: number;
  readonly uid: number;
  readonly gid: number;
  readonly mount: string | null;
  readonly needs_copy_up: number;
  readonly needs_chown: number;
  readonly mounted_in: string | null;
}

export interface VolumeStoreParts {
  readonly dataDirectory: string;
  readonly database: Database;
  readonly locks: Locks;
  readonly leases: Leases;
}

export function openVolumes({ dataDirectory, database, locks, leases }: VolumeStoreParts): VolumeStore {
  const directory = (name: string) => `${dataDirectory}/volumes/${name}`;
  const folders = { data: dataDirectory, directory };
  const find = (name: string) => {
    const row = findRow(database, name);
    return row && fromRow(row);
  };
  const get = (name: string) => find(name) ?? throwUnknown(name);
  const users = (name: string) => listUsers(database, name);

  return {
    list: () => database.all<VolumeRow>("SELECT * FROM volumes ORDER BY name").map(fromRow),
    find,
    get,
    add: (record) => addVolume(database, folders, record),
    update: (name, change) => updateVolume(database, name, change),
    remove(name) {
      const doomed = database.transaction(() => {
        if (leases.alive().has(leaseKey(name))) throw inCreation(name);
        return removeRow(database, folders, name);
      });
      removeTree(doomed);
    },
    lease: (names) => leases.take(names.map(leaseKey)),
    users,
    countUsers() {
      const rows = database.all<{ volume: string; count: number }>(
        "SELECT volume, count(*) AS count FROM volume_users GROUP BY volume",
      );
      return new Map(rows.map(({ volume, count }) => [volume, count]));
    },
    release(name, containerId) {
      database.run("DELETE FROM volume_users WHERE volume = ? AND container_id = ?", name, containerId);
    },
    directory,
    dataDirectory: (name) => `${directory(name)}/_data`,
    withLock: async (name, work) => locks.withLock(`volume:${name}`, work),
  };
}

function leaseKey(name: string): string {
  return `volume:${name}`;
}

function inCreation(name: string): DhowError {
  return new DhowError(`volume ${name} is being used by a container that is being created: volume is being used`, {
    kind: "conflict",
  });
}

interface Folders {
  readonly data: string;
  directory(name: string): string;
}

/**
 * Records that a container uses volumes. Call it in the transaction that records the container.
 * @throws {DhowError} `not-found` for a volume that is gone.
 */
export function recordVolumeUsers(database: Database, containerId: string, volumes: readonly string[]): void {
  for (const name of new Set(volumes)) {
    if (!database.first("SELECT 1 FROM volumes WHERE name = ?", name)) throwUnknown(name);
    database.run("INSERT INTO volume_users (container_id, volume) VALUES (?, ?)", containerId, name);
  }
}

function throwUnknown(name: string): never {
  throw new DhowError(`no volume with name ${JSON.stringify(name)} found: no such volume`, { kind: "not-found" });
}

function findRow(database: Database, name: string): VolumeRow | undefined {
  const exact = database.first<VolumeRow>("SELECT * FROM volumes WHERE name = ?", name);
  if (exact || name === "") return exact;
  const rows = database.all<VolumeRow>(
    "SELECT * FROM volumes WHERE substr(name, 1, ?) = ? LIMIT 2",
    ...[name.length, name],
  );
  if (rows.length > 1) {
    throw new DhowError(`more than one result for volume name ${JSON.stringify(name)}: volume already exists`, {
      kind: "conflict",
    });
  }
  return rows[0];
}

function listUsers(database: Database, name: string): string[] {
  const rows = database.all<{ id: string }>(
    "SELECT id FROM volume_users JOIN containers ON id = container_id WHERE volume = ? ORDER BY created_at, id",
    name,
  );
  return rows.map(({ id }) => id);
}

function addVolume(database: Database, folders: Folders, record: Omit<VolumeRecord, "mountedIn">): VolumeRecord {
  const { name } = record;
  return database.transaction(() => {
    if (database.first("SELECT 1 FROM volumes WHERE name = ?", name)) {
      throw new DhowError(`volume with name ${name} already exists: volume already exists`, { kind: "already-exists" });
    }
    database.run(
      `INSERT INTO volumes (name, created_at, labels, options, anonymous, uid, gid, mount, needs_copy_up, needs_chown)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[name, record.createdAt.getTime(), JSON.stringify(record.labels), JSON.stringify(record.options)],
      ...[flag(record.anonymous), record.uid, record.gid, record.mount ? JSON.stringify(record.mount) : null],
      ...[flag(record.needsCopyUp), flag(record.needsChown)],
    );
    makeFolder(folders, record);
    return { ...record, mountedIn: undefined };
  });
}

/** What a removal that was cut off has left under this name is nobody's. */
function makeFolder(folders: Folders, { name, uid, gid }: Pick<VolumeRecord, "name" | "uid" | "gid">): void {
  discard(folders, name);
  const place = `${folders.directory(name)}/_data`;
  try {
    mkdirSync(folders.directory(name), { recursive: true, mode: 0o700 });
    mkdirSync(place, { mode: 0o755 });
    if (uid !== 0 || gid !== 0) chownSync(place, uid, gid);
  } catch (cause) {
    if (errnoOf(cause) === "ENAMETOOLONG") throw invalid("cannot create volume: the name is too long", cause);
    if (errnoOf(cause) !== "EINVAL") throw cause;
    throw invalid(`cannot create volume ${name}: the owner ${uid}:${gid} is not one of your ids`, cause);
  }
}

function invalid(message: string, cause: unknown): DhowError {
  return new DhowError(message, { kind: "invalid-argument", cause });
}

function removeRow(database: Database, folders: Folders, name: string): string {
  const containers = listUsers(database, name);
  if (containers.length > 0) {
    throw new DhowError(
      `volume ${name} is being used by the following container(s): ${containers.join(", ")}: volume is being used`,
      { kind: "conflict" },
    );
  }
  if (database.run("DELETE FROM volumes WHERE name = ?", name) === 0) throwUnknown(name);
  return discard(folders, name);
}

/** Takes a volume's folder out of the way. @returns Where it is now, to be removed. */
function discard({ data, directory }: Folders, name: string): string {
  const doomed = newTemporaryPath(data);
  const place = `${directory(name)}/_data`;
  unmountAll(place);
  if (isMountPoint(place)) throw new DhowError(`volume ${name} cannot be unmounted`, { kind: "unavailable" });
  try {
    renameSync(directory(name), doomed);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT" && errnoOf(error) !== "ENAMETOOLONG") throw error;
  }
  return doomed;
}

function updateVolume(database: Database, name: string, change: VolumeChange): void {
  const { needsCopyUp, needsChown } = change;
  const columns: Record<string, SqlValue> = {
    ...(needsCopyUp === undefined ? {} : { needs_copy_up: flag(needsCopyUp) }),
    ...(needsChown === undefined ? {} : { needs_chown: flag(needsChown) }),
    ...("mountedIn" in change ? { mounted_in: change.mountedIn ?? null } : {}),
  };
  const assignments = Object.keys(columns).map((column) => `${column} = ?`);
  if (assignments.length === 0) return;
  database.run(`UPDATE volumes SET ${assignments.join(", ")} WHERE name = ?`, ...Object.values(columns), name);
}

function flag(value: boolean): number {
  return value ? 1 : 0;
}

function fromRow(row: VolumeRow): VolumeRecord {
  return {
    name: row.name,
    createdAt: new Date(row.created_at),
    labels: JSON.parse(row.labels),
    options: JSON.parse(row.options),
    anonymous: row.anonymous === 1,
    uid: row.uid,
    gid: row.gid,
    mount: row.mount === null ? undefined : JSON.parse(row.mount),
    needsCopyUp: row.needs_copy_up === 1,
    needsChown: row.needs_chown === 1,
    mountedIn: row.mounted_in ?? undefined,
  };
}
