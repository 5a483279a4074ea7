import { AsyncLocalStorage } from "node:async_hooks";
import type { Database, Schema } from "./database.ts";
import { currentOwner, isOwnerAlive } from "./owner.ts";

/** Named locks between processes. A lock dies with its process: kill -9 cannot leave one behind. */
export interface Locks {
  /**
   * Runs `work` while nobody else holds that name: no other process and no other flow of this one.
   * Inside of `work` the same name may be locked again.
   */
  withLock<T>(name: string, work: () => Promise<T> | T): Promise<T>;
  /** Whether somebody holds that name now. */
  isHeld(name: string): boolean;
}

export const locksSchema: Schema = {
  name: "locks",
  sql: "CREATE TABLE IF NOT EXISTS locks (name TEXT PRIMARY KEY, pid INTEGER NOT NULL, start_time TEXT NOT NULL, boot_id TEXT NOT NULL) WITHOUT ROWID",
};

interface LockRow {
  readonly pid: number;
  readonly start_time: string;
  readonly boot_id: string;
}

const longestPauseMs = 25;

export function openLocks(database: Database): Locks {
  /** Names that the running flow of this process holds. */
  const held = new AsyncLocalStorage<ReadonlySet<string>>();
  /** The last flow of this process that queued for a name. */
  const queues = new Map<string, Promise<void>>();

  return {
    async withLock(name, work) {
      const names = held.getStore();
      if (names?.has(name)) return work();
      const leave = await enterQueue(queues, name);
      try {
        await acquire(database, name);
        try {
          return await held.run(new Set(names).add(name), work);
        } finally {
          release(database, name);
        }
      } finally {
        leave();
      }
    },
    isHeld(name) {
      const holder = findHolder(database, name);
      return holder !== undefined && isOwnerAlive(ownerOf(holder));
    },
  };
}

/** Waits for the flows of this process that came earlier. @returns What lets the next one go on. */
async function enterQueue(queues: Map<string, Promise<void>>, name: string): Promise<() => void> {
  const earlier = queues.get(name);
  const { promise, resolve } = Promise.withResolvers<void>();
  queues.set(name, promise);
  await earlier;
  return () => {
    if (queues.get(name) === promise) queues.delete(name);
    resolve();
  };
}

async function acquire(database: Database, name: string): Promise<void> {
  for (let pauseMs = 1; !tryAcquire(database, name); pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs + Math.random() * pauseMs));
  }
}

function tryAcquire(database: Database, name: string): boolean {
  const { pid, startTime, bootId } = currentOwner();
  const insert = () =>
    database.run("INSERT OR IGNORE INTO locks VALUES (?, ?, ?, ?)", name, pid, startTime, bootId) === 1;
  const find = () => findHolder(database, name);
  // The holder is looked at before any write, so that waiting processes do not slow the others down.
  const holder = find();
  if (!holder) return insert();
  if (isOwnerAlive(ownerOf(holder))) return false;
  return database.transaction(() => {
    const row = find();
    if (row && isOwnerAlive(ownerOf(row))) return false;
    database.run("DELETE FROM locks WHERE name = ?", name);
    return insert();
  });
}

function findHolder(database: Database, name: string): LockRow | undefined {
  return database.first<LockRow>("SELECT pid, start_time, boot_id FROM locks WHERE name = ?", name);
}

function release(database: Database, name: string): void {
  const { pid, startTime } = currentOwner();
  database.run("DELETE FROM locks WHERE name = ? AND pid = ? AND start_time = ?", name, pid, startTime);
}

function ownerOf(row: LockRow) {
  return { pid: row.pid, startTime: row.start_time, bootId: row.boot_id };
}
