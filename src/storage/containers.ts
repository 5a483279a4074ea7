import { mkdirSync, rmSync } from "node:fs";
import { DhowError } from "../errors.ts";
import type { ContainerConfig } from "../model/container-config.ts";
import type { HealthState, HealthStatus } from "../model/health.ts";
import type { ProcessIdentity } from "../system/clock.ts";
import type { Paths } from "../system/paths.ts";
import type { Database, Schema, SqlValue } from "./database.ts";
import type { Locks } from "./locks.ts";
import { isNetwork, unknownNetwork } from "./networks.ts";
import { checkPodIsOpen, insertPod, type NewPod } from "./pods.ts";
import { removeTree } from "./temporary.ts";
import { recordVolumeUsers } from "./volumes.ts";

/** States of a container, as Podman names them. The predicates on them are in container/state.ts. */
export type ContainerState = "created" | "initialized" | "running" | "paused" | "stopping" | "exited" | "removing";

/** A container: what was asked for, and how it is now. */
export interface ContainerRecord {
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly config: ContainerConfig;
  readonly state: ContainerState;
  /** Init process and monitor of the running container; only meaningful in the boot named by `bootId`. */
  readonly init: ProcessIdentity | undefined;
  readonly monitor: ProcessIdentity | undefined;
  readonly bootId: string | undefined;
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  readonly exitCode: number | undefined;
  /** Whether the kernel ended it for want of memory. */
  readonly oomKilled: boolean;
  readonly restartCount: number;
  /** Whether the user stopped it: `always` and `unless-stopped` do not start it again then. */
  readonly stoppedByUser: boolean;
  /** What network set-up has to be taken down, as JSON of the network layer. */
  readonly networkState: unknown;
  /** Why the last start failed, or "". */
  readonly error: string;
  /** Undefined for a container that has no health check, or never ran. */
  readonly health: HealthState | undefined;
  /** That of `health`, cheaper to get. */
  readonly healthStatus: HealthStatus | undefined;
}

/** The part of a record that changes during a container's life. */
export type ContainerChange = Partial<Omit<ContainerRecord, "id" | "createdAt" | "healthStatus">>;

export interface ContainerStore {
  /** Oldest first. */
  list(): ContainerRecord[];
  /** Those of a pod, oldest first. */
  listOfPod(podId: string): ContainerRecord[];
  /** By id, name, or unique id prefix. @throws {DhowError} `conflict` if a prefix fits several. */
  find(nameOrId: string): ContainerRecord | undefined;
  /** @throws {DhowError} `not-found`: podman's `no container with name or ID "X" found: no such container`. */
  get(nameOrId: string): ContainerRecord;
  /**
   * Records a container in state `created` and makes its empty directory.
   * @throws {DhowError} `already-exists`: podman's `the container name "X" is already in use by ID...`.
   * @throws {DhowError} `not-found` if its image is not stored (any more), or a volume or network is gone; an empty imageId needs none.
   * @throws {DhowError} `not-found` or `conflict` if its pod is gone, or about to go.
   *
   * @param newPod Recorded in the same step: its first container is this one.
   */
  add(record: Pick<ContainerRecord, "id" | "name" | "createdAt" | "config">, newPod?: NewPod): ContainerRecord;
  /** @throws {DhowError} `not-found`; `already-exists` for a name in use. */
  update(id: string, change: ContainerChange): ContainerRecord;
  /** How many containers are made of, or mount, each image, by image id; images without any are left out. */
  countByImage(): ReadonlyMap<string, number>;
  /** Removes both directories, then the record. Nothing may be mounted in them any more. Idempotent. */
  remove(id: string): void;
  /** `containers/ID` in the data folder: upper layer, work folder, log, config. */
  directory(id: string): string;
  /** `containers/ID` in the run folder: bundle, sockets, pid files. */
  runDirectory(id: string): string;
  /**
   * Runs `work` while no other dhow process changes this container. The lock dies with its process: kill -9 cannot leave it behind.
   * Inside of `work` the same container may be locked again.
   */
  withLock<T>(id: string, work: () => Promise<T>): Promise<T>;
}

export const containersSchema: Schema = {
  name: "containers",
  sql: `CREATE TABLE IF NOT EXISTS containers (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL, image_id TEXT NOT NULL,
    state TEXT NOT NULL, init_pid INTEGER, init_start TEXT, monitor_pid INTEGER, monitor_start TEXT, boot_id TEXT,
    started_at INTEGER, finished_at INTEGER, exit_code INTEGER, restart_count INTEGER NOT NULL,
    stopped_by_user INTEGER NOT NULL, network_state TEXT, error TEXT NOT NULL, config TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS containers_by_image ON containers (image_id)`,
  changes: [
    {
      since: 2,
      sql: `ALTER TABLE containers ADD COLUMN health_status TEXT;
      ALTER TABLE containers ADD COLUMN health TEXT`,
    },
    {
      // Containers of earlier versions have no secrets, and no volumes of other containers.
      since: 5,
      sql: `UPDATE containers SET config = json_insert(config, '$.secrets', json('[]'), '$.volumesFrom', json('[]'))`,
    },
    {
      // Nor have they ids of their own.
      since: 7,
      sql: `UPDATE containers SET config = json_insert(config,
        '$.userns', json('{"mode":"host"}'), '$.passwd', json('{"enabled":true,"hostUsers":[]}'))`,
    },
    {
      since: 9,
      sql: `ALTER TABLE containers ADD COLUMN pod_id TEXT;
      CREATE INDEX containers_by_pod ON containers (pod_id)`,
    },
    { since: 11, sql: "ALTER TABLE containers ADD COLUMN oom_killed INTEGER NOT NULL DEFAULT 0" },
  ],
};

interface ContainerRow {
  readonly id: string;
  readonly name: string;
  readonly created_at: number;
  readonly state: ContainerState;
  readonly init_pid: number | null;
  readonly init_start: string | null;
  readonly monitor_pid: number | null;
  readonly monitor_start: string | null;
  readonly boot_id: string | null;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  readonly exit_code: number | null;
  readonly oom_killed: number;
  readonly restart_count: number;
  readonly stopped_by_user: number;
  readonly network_state: string | null;
  readonly error: string;
  readonly config: string;
  readonly health_status: HealthStatus | null;
  readonly health: string | null;
}

export interface ContainerStoreParts {
  readonly paths: Pick<Paths, "data" | "run">;
  readonly database: Database;
  readonly locks: Locks;
  /** Whether an image lies in a store that is only read. */
  readonly isImageElsewhere?: (imageId: string) => boolean;
}

export function openContainers(parts: ContainerStoreParts): ContainerStore {
  const { paths, database, locks } = parts;
  const directory = (id: string) => `${paths.data}/containers/${id}`;
  const runDirectory = (id: string) => `${paths.run}/containers/${id}`;
  const find = (nameOrId: string): ContainerRecord | undefined => {
    const row = findRow(database, nameOrId);
    return row && fromRow(row);
  };
  const get = (nameOrId: string): ContainerRecord => find(nameOrId) ?? throwUnknown(nameOrId);

  return {
    list: () => database.all<ContainerRow>("SELECT * FROM containers ORDER BY created_at, id").map(fromRow),
    listOfPod: (podId) =>
      database
        .all<ContainerRow>("SELECT * FROM containers WHERE pod_id = ? ORDER BY created_at, rowid", podId)
        .map(fromRow),
    find,
    get,
    add(record, newPod) {
      try {
        database.transaction(() => {
          if (newPod) insertPod(database, newPod);
          insert(parts, record);
          mkdirSync(directory(record.id), { recursive: true, mode: 0o700 });
        });
      } catch (error) {
        // On a full disk the record may fail after its folder.
        rmSync(directory(record.id), { recursive: true, force: true });
        throw error;
      }
      return get(record.id);
    },
    countByImage() {
      const rows = database.all<{ image_id: string; count: number }>(
        `SELECT image_id, count(*) AS count FROM (
           SELECT id, image_id FROM containers
           UNION SELECT containers.id, mount.value ->> 'imageId' FROM containers, json_each(config, '$.mounts') AS mount
             WHERE instr(config, '"type":"image"') AND mount.value ->> 'imageId' IS NOT NULL)
         GROUP BY image_id`,
      );
      return new Map(rows.map((row) => [row.image_id, row.count]));
    },
    update: (id, change) => fromRow(update(database, id, change)),
    remove(id) {
      removeTree(runDirectory(id));
      removeTree(directory(id));
      database.run("DELETE FROM containers WHERE id = ?", id);
    },
    directory,
    runDirectory,
    withLock: (id, work) => locks.withLock(`container:${id}`, work),
  };
}

function throwUnknown(nameOrId: string): never {
  throw new DhowError(`no container with name or ID ${JSON.stringify(nameOrId)} found: no such container`, {
    kind: "not-found",
  });
}

function findRow(database: Database, nameOrId: string): ContainerRow | undefined {
  const exact = database.first<ContainerRow>(
    "SELECT * FROM containers WHERE id = ? OR name = ? ORDER BY id = ? DESC LIMIT 1",
    ...[nameOrId, nameOrId, nameOrId],
  );
  if (exact || !/^[0-9a-f]{1,63}$/.test(nameOrId)) return exact;
  const rows = database.all<ContainerRow>(
    "SELECT * FROM containers WHERE id >= ? AND id < ? LIMIT 2",
    ...[nameOrId, `${nameOrId}g`],
  );
  if (rows.length > 1) {
    throw new DhowError(`more than one result for container name or ID ${nameOrId}`, { kind: "conflict" });
  }
  return rows[0];
}

function insert(
  { database, isImageElsewhere = () => false }: ContainerStoreParts,
  { id, name, createdAt, config }: Pick<ContainerRecord, "id" | "name" | "createdAt" | "config">,
): void {
  checkNameIsFree(database, id, name);
  const isOwn = (id: string) => database.first("SELECT 1 FROM images WHERE id = ?", id) !== undefined;
  if (config.imageId !== "" && !isOwn(config.imageId) && !isImageElsewhere(config.imageId)) {
    throw new DhowError(`${config.imageName}: image not known`, { kind: "not-found" });
  }
  const podId = config.pod?.id ?? null;
  if (podId !== null) checkPodIsOpen(database, podId);
  const lost = config.network.networks?.find((network) => !isNetwork(database, network.name));
  if (lost) throw unknownNetwork(lost.name);
  database.run(
    `INSERT INTO containers (id, name, created_at, image_id, state, restart_count, stopped_by_user, error, config, pod_id)
     VALUES (?, ?, ?, ?, 'created', 0, 0, '', ?, ?)`,
    ...[id, name, createdAt.getTime(), config.imageId, JSON.stringify(config), podId],
  );
  const volumes = config.mounts.flatMap(({ type, source }) => (type === "volume" && source ? [source] : []));
  recordVolumeUsers(database, id, volumes);
}

function checkNameIsFree(database: Database, id: string, name: string): void {
  const other = database.first<{ id: string }>("SELECT id FROM containers WHERE name = ? AND id <> ?", name, id);
  if (!other) return;
  throw new DhowError(
    `the container name ${JSON.stringify(name)} is already in use by ${other.id}. You have to remove that container to be able to reuse that name: that name is already in use`,
    { kind: "already-exists" },
  );
}

function update(database: Database, id: string, change: ContainerChange): ContainerRow {
  const columns = columnsOf(change);
  const assignments = Object.keys(columns).map((column) => `${column} = ?`);
  const apply = (): ContainerRow => {
    const sql = `UPDATE containers SET ${assignments.join(", ")} WHERE id = ? RETURNING *`;
    const row =
      assignments.length > 0
        ? database.first<ContainerRow>(sql, ...Object.values(columns), id)
        : database.first<ContainerRow>("SELECT * FROM containers WHERE id = ?", id);
    return row ?? throwUnknown(id);
  };
  const { name } = change;
  if (name === undefined) return apply();
  return database.transaction(() => {
    checkNameIsFree(database, id, name);
    return apply();
  });
}

/** How each part of a change is stored. */
const encoders: {
  readonly [K in keyof Required<ContainerChange>]: (value: ContainerRecord[K]) => Record<string, SqlValue>;
} = {
  name: (name) => ({ name }),
  config: (config) => ({ config: JSON.stringify(config) }),
  state: (state) => ({ state }),
  init: (process) => ({ init_pid: process?.pid ?? null, init_start: process?.startTime ?? null }),
  monitor: (process) => ({ monitor_pid: process?.pid ?? null, monitor_start: process?.startTime ?? null }),
  bootId: (bootId) => ({ boot_id: bootId ?? null }),
  startedAt: (date) => ({ started_at: date?.getTime() ?? null }),
  finishedAt: (date) => ({ finished_at: date?.getTime() ?? null }),
  exitCode: (code) => ({ exit_code: code ?? null }),
  oomKilled: (killed) => ({ oom_killed: killed ? 1 : 0 }),
  restartCount: (count) => ({ restart_count: count }),
  stoppedByUser: (stopped) => ({ stopped_by_user: stopped ? 1 : 0 }),
  networkState: (state) => ({ network_state: state === undefined ? null : JSON.stringify(state) }),
  error: (error) => ({ error }),
  health: (health) => ({
    health_status: health?.status ?? null,
    health: health === undefined ? null : JSON.stringify(health),
  }),
};

function columnsOf(change: ContainerChange): Record<string, SqlValue> {
  const columns: Record<string, SqlValue> = {};
  for (const key of Object.keys(change) as (keyof ContainerChange)[]) {
    const encode = encoders[key] as (value: unknown) => Record<string, SqlValue>;
    Object.assign(columns, encode(change[key]));
  }
  return columns;
}

function fromRow(row: ContainerRow): ContainerRecord {
  let config: ContainerConfig | undefined;
  return {
    id: row.id,
    name: row.name,
    createdAt: new Date(row.created_at),
    // Parsed when it is first needed: listings of many containers often need few of them.
    get config() {
      config ??= JSON.parse(row.config) as ContainerConfig;
      return config;
    },
    state: row.state,
    init: identityOf(row.init_pid, row.init_start),
    monitor: identityOf(row.monitor_pid, row.monitor_start),
    bootId: row.boot_id ?? undefined,
    startedAt: dateOf(row.started_at),
    finishedAt: dateOf(row.finished_at),
    exitCode: row.exit_code ?? undefined,
    oomKilled: row.oom_killed === 1,
    restartCount: row.restart_count,
    stoppedByUser: row.stopped_by_user === 1,
    networkState: row.network_state === null ? undefined : JSON.parse(row.network_state),
    error: row.error,
    get health() {
      return row.health === null ? undefined : (JSON.parse(row.health) as HealthState);
    },
    healthStatus: row.health_status ?? undefined,
  };
}

function identityOf(pid: number | null, startTime: string | null): ProcessIdentity | undefined {
  return pid === null || startTime === null ? undefined : { pid, startTime };
}

function dateOf(ms: number | null): Date | undefined {
  return ms === null ? undefined : new Date(ms);
}
