import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { DhowError, errnoOf } from "../errors.ts";
import { writeFileAtomic } from "../system/files.ts";
import type { Database, Schema } from "./database.ts";

/** What is known of a secret. Its content is with its driver, never in the database. */
export interface SecretRecord {
  /** 25 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly driverOptions: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface SecretStore {
  /** The oldest first. */
  list(): SecretRecord[];
  /** By name, id, or unique prefix of an id. @throws {DhowError} `conflict` if a prefix fits several. */
  find(nameOrId: string): SecretRecord | undefined;
  /** @throws {DhowError} `not-found`: podman's `no secret with name or id "X": no such secret`. */
  get(nameOrId: string): SecretRecord;
  /** Records a secret, in place of the one of `replacedId`. @throws {DhowError} `already-exists` for a name in use. */
  add(record: SecretRecord, replacedId?: string): void;
  /** Idempotent. */
  remove(id: string): void;
  /** The content of secrets of the driver `file`: files that only their owner can read. */
  readonly files: SecretFiles;
}

export interface SecretFiles {
  read(id: string): Buffer | undefined;
  write(id: string, content: Uint8Array): void;
  /** Idempotent. */
  remove(id: string): void;
}

export const secretsSchema: Schema = {
  name: "secrets",
  sql: `CREATE TABLE IF NOT EXISTS secrets (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, driver TEXT NOT NULL, driver_options TEXT NOT NULL, labels TEXT NOT NULL,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL)`,
};

interface SecretRow {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly driver_options: string;
  readonly labels: string;
  readonly created_at: number;
  readonly updated_at: number;
}

export function openSecrets(dataDirectory: string, database: Database): SecretStore {
  const find = (nameOrId: string) => {
    const row = findRow(database, nameOrId);
    return row && fromRow(row);
  };
  return {
    list: () => database.all<SecretRow>("SELECT * FROM secrets ORDER BY created_at, id").map(fromRow),
    find,
    get(nameOrId) {
      const found = find(nameOrId);
      if (found) return found;
      throw new DhowError(`no secret with name or id ${JSON.stringify(nameOrId)}: no such secret`, {
        kind: "not-found",
      });
    },
    add: (record, replacedId) => addRow(database, record, replacedId),
    remove(id) {
      database.run("DELETE FROM secrets WHERE id = ?", id);
    },
    files: openFiles(`${dataDirectory}/secrets`),
  };
}

function findRow(database: Database, nameOrId: string): SecretRow | undefined {
  const exact = database.first<SecretRow>(
    "SELECT * FROM secrets WHERE name = ? OR id = ? ORDER BY name = ? DESC LIMIT 1",
    ...[nameOrId, nameOrId, nameOrId],
  );
  if (exact || !/^[0-9a-f]{1,24}$/.test(nameOrId)) return exact;
  const rows = database.all<SecretRow>(
    "SELECT * FROM secrets WHERE id >= ? AND id < ? LIMIT 2",
    ...[nameOrId, `${nameOrId}g`],
  );
  if (rows.length > 1) {
    throw new DhowError(`more than one result secret with prefix ${nameOrId}: secret is ambiguous`, {
      kind: "conflict",
    });
  }
  return rows[0];
}

function addRow(database: Database, record: SecretRecord, replacedId: string | undefined): void {
  const { id, name, driver, driverOptions, labels, createdAt, updatedAt } = record;
  database.transaction(() => {
    if (replacedId !== undefined) database.run("DELETE FROM secrets WHERE id = ?", replacedId);
    if (database.first("SELECT 1 FROM secrets WHERE name = ?", name)) {
      throw new DhowError(`${name}: secret name in use`, { kind: "already-exists" });
    }
    database.run(
      "INSERT INTO secrets VALUES (?, ?, ?, ?, ?, ?, ?)",
      ...[id, name, driver, JSON.stringify(driverOptions), JSON.stringify(labels)],
      ...[createdAt.getTime(), updatedAt.getTime()],
    );
  });
}

function openFiles(folder: string): SecretFiles {
  return {
    read(id) {
      try {
        return readFileSync(`${folder}/${id}`);
      } catch (error) {
        if (errnoOf(error) === "ENOENT") return undefined;
        throw error;
      }
    },
    write(id, content) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileAtomic(`${folder}/${id}`, content, { mode: 0o600 });
    },
    remove: (id) => rmSync(`${folder}/${id}`, { force: true }),
  };
}

function fromRow(row: SecretRow): SecretRecord {
  return {
    id: row.id,
    name: row.name,
    driver: row.driver,
    driverOptions: JSON.parse(row.driver_options),
    labels: JSON.parse(row.labels),
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
  };
}
