import { DhowError } from "../errors.ts";
import type { PodConfig } from "../model/pod-config.ts";
import type { Database, Schema } from "./database.ts";
import type { Locks } from "./locks.ts";

/** A pod: containers that live together. Which these are is in the containers' records. */
export interface PodRecord {
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly config: PodConfig;
  /** Whether somebody has begun to remove it: nothing joins it any more, and whoever finds it so goes on. */
  readonly isBeingRemoved: boolean;
}

export type NewPod = Omit<PodRecord, "isBeingRemoved">;

export interface PodStore {
  /** Oldest first. */
  list(): PodRecord[];
  /** By id, name, or unique id prefix. @throws {DhowError} `conflict` if a prefix fits several. */
  find(nameOrId: string): PodRecord | undefined;
  /** @throws {DhowError} `not-found`: podman's `no pod with name or ID X found: no such pod`. */
  get(nameOrId: string): PodRecord;
  /**
   * Records a pod without containers; one with an infra container is recorded together with that.
   * @throws {DhowError} `already-exists` for a name in use.
   */
  add(pod: NewPod): PodRecord;
  /** From now on no container joins it. @throws {DhowError} `not-found`. */
  beginRemoval(id: string): void;
  /** Idempotent. @throws {DhowError} `conflict` if it has containers. */
  remove(id: string): void;
  /** Whether somebody is at work on the pod as a whole. */
  isLocked(id: string): boolean;
  /** Runs `work` while no other dhow process changes the pod as a whole. As of containers; taken before the containers' own. */
  withLock<T>(id: string, work: () => Promise<T>): Promise<T>;
}

export const podsSchema: Schema = {
  name: "pods",
  sql: `CREATE TABLE IF NOT EXISTS pods (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL, removing INTEGER NOT NULL,
    config TEXT NOT NULL)`,
};

interface PodRow {
  readonly id: string;
  readonly name: string;
  readonly created_at: number;
  readonly removing: number;
  readonly config: string;
}

export function openPods({ database, locks }: { readonly database: Database; readonly locks: Locks }): PodStore {
  const find = (nameOrId: string) => {
    const row = findRow(database, nameOrId);
    return row && fromRow(row);
  };
  const get = (nameOrId: string) => find(nameOrId) ?? throwUnknown(nameOrId);
  return {
    list: () => database.all<PodRow>("SELECT * FROM pods ORDER BY created_at, id").map(fromRow),
    find,
    get,
    add(pod) {
      database.transaction(() => insertPod(database, pod));
      return get(pod.id);
    },
    beginRemoval(id) {
      if (database.run("UPDATE pods SET removing = 1 WHERE id = ?", id) === 0) throwUnknown(id);
    },
    remove: (id) => database.transaction(() => removeRow(database, id)),
    isLocked: (id) => locks.isHeld(`pod:${id}`),
    withLock: (id, work) => locks.withLock(`pod:${id}`, work),
  };
}

/**
 * Records a pod as part of a transaction.
 * @throws {DhowError} `already-exists`.
 */
export function insertPod(database: Database, { id, name, createdAt, config }: NewPod): void {
  if (database.first("SELECT 1 FROM pods WHERE name = ?", name)) {
    throw new DhowError(`adding pod to state: name ${JSON.stringify(name)} is in use: pod already exists`, {
      kind: "already-exists",
    });
  }
  database.run(
    "INSERT INTO pods (id, name, created_at, removing, config) VALUES (?, ?, ?, 0, ?)",
    ...[id, name, createdAt.getTime(), JSON.stringify(config)],
  );
}

/**
 * Makes sure, as part of a transaction, that a container may join a pod.
 * @throws {DhowError} `not-found`; `conflict` if the pod is being removed.
 */
export function checkPodIsOpen(database: Database, id: string): void {
  const row = database.first<PodRow>("SELECT * FROM pods WHERE id = ?", id);
  if (!row) throwUnknown(id);
  if (row.removing) throw new DhowError(`pod ${id} is being removed`, { kind: "conflict" });
}

function removeRow(database: Database, id: string): void {
  const { count = 0 } = database.first<{ count: number }>(
    "SELECT count(*) AS count FROM containers WHERE pod_id = ?",
    id,
  ) ?? { count: 0 };
  if (count > 0) {
    throw new DhowError(`pod ${id} contains containers and cannot be removed: container already exists`, {
      kind: "conflict",
    });
  }
  database.run("DELETE FROM pods WHERE id = ?", id);
}

function throwUnknown(nameOrId: string): never {
  throw new DhowError(`no pod with name or ID ${nameOrId} found: no such pod`, { kind: "not-found" });
}

function findRow(database: Database, nameOrId: string): PodRow | undefined {
  const exact = database.first<PodRow>(
    "SELECT * FROM pods WHERE id = ? OR name = ? ORDER BY id = ? DESC LIMIT 1",
    ...[nameOrId, nameOrId, nameOrId],
  );
  if (exact || !/^[0-9a-f]{1,63}$/.test(nameOrId)) return exact;
  const rows = database.all<PodRow>(
    "SELECT * FROM pods WHERE id >= ? AND id < ? LIMIT 2",
    ...[nameOrId, `${nameOrId}g`],
  );
  if (rows.length > 1) {
    throw new DhowError(`more than one result for pod ${JSON.stringify(nameOrId)}: container already exists`, {
      kind: "conflict",
    });
  }
  return rows[0];
}

function fromRow(row: PodRow): PodRecord {
  let config: PodConfig | undefined;
  return {
    id: row.id,
    name: row.name,
    createdAt: new Date(row.created_at),
    get config() {
      config ??= JSON.parse(row.config) as PodConfig;
      return config;
    },
    isBeingRemoved: row.removing === 1,
  };
}
