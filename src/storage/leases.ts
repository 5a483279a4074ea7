import type { Database, Schema } from "./database.ts";
import { currentOwner, isOwnerAlive } from "./owner.ts";

/**
 * Keeps content from garbage collection while a process works with it: what a pull has stored, or found, but no image
 * names yet. A lease ends with its process, or earlier when it is disposed of.
 */
export interface Leases {
  /** @param keys Blob digests and chain ids. */
  take(keys: readonly string[]): Disposable;
  /** All keys that a living process holds; forgets the leases of dead ones. Call it inside of a transaction. */
  alive(): Set<string>;
}

export const leasesSchema: Schema = {
  name: "leases",
  sql: `CREATE TABLE IF NOT EXISTS leases (
    key TEXT NOT NULL, pid INTEGER NOT NULL, start_time TEXT NOT NULL, boot_id TEXT NOT NULL,
    PRIMARY KEY (key, pid, start_time)) WITHOUT ROWID`,
};

interface LeaseRow {
  readonly key: string;
  readonly pid: number;
  readonly start_time: string;
  readonly boot_id: string;
}

export function openLeases(database: Database): Leases {
  /** How many times this process holds each key. */
  const counts = new Map<string, number>();
  return {
    take(keys) {
      for (const key of keys) takeOne(database, counts, key);
      return {
        [Symbol.dispose]() {
          for (const key of keys) releaseOne(database, counts, key);
        },
      };
    },
    alive() {
      const alive = new Set<string>();
      const owners = new Map<string, boolean>();
      for (const row of database.all<LeaseRow>("SELECT * FROM leases")) {
        const owner = `${row.pid} ${row.start_time} ${row.boot_id}`;
        let living = owners.get(owner);
        if (living === undefined) {
          living = isOwnerAlive({ pid: row.pid, startTime: row.start_time, bootId: row.boot_id });
          owners.set(owner, living);
          if (!living) database.run("DELETE FROM leases WHERE pid = ? AND start_time = ?", row.pid, row.start_time);
        }
        if (living) alive.add(row.key);
      }
      return alive;
    },
  };
}

function takeOne(database: Database, counts: Map<string, number>, key: string): void {
  const count = counts.get(key) ?? 0;
  counts.set(key, count + 1);
  if (count > 0) return;
  const { pid, startTime, bootId } = currentOwner();
  database.run("INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?)", key, pid, startTime, bootId);
}

function releaseOne(database: Database, counts: Map<string, number>, key: string): void {
  const count = (counts.get(key) ?? 0) - 1;
  if (count > 0) {
    counts.set(key, count);
    return;
  }
  if (!counts.delete(key)) return;
  const { pid, startTime } = currentOwner();
  database.run("DELETE FROM leases WHERE key = ? AND pid = ? AND start_time = ?", key, pid, startTime);
}
