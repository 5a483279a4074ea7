import { DatabaseSync, type StatementSync } from "node:sqlite";
import { DhowError } from "../errors.ts";

export type SqlValue = string | number | bigint | null | Uint8Array;

/**
 * The state database: one SQLite file in WAL mode, safe under parallel processes and kill -9.
 * Parameters are written `?`: Node 22 takes no numbered ones.
 */
export interface Database {
  all<Row>(sql: string, ...values: SqlValue[]): Row[];
  first<Row>(sql: string, ...values: SqlValue[]): Row | undefined;
  /** @returns The number of changed rows. */
  run(sql: string, ...values: SqlValue[]): number;
  /** Runs reads and writes as one atomic step; other writers wait. Not nestable. Keep it short: no programs, no network inside. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/** Tables of one store. */
export interface Schema {
  readonly name: string;
  /** Creates the tables in their first shape; every statement must be idempotent. */
  readonly sql: string;
  /** How the shape has changed since, oldest first: each is run once, in new databases too. */
  readonly changes?: readonly SchemaChange[];
}

export interface SchemaChange {
  /** The `schemaVersion` that the change has raised. */
  readonly since: number;
  readonly sql: string;
}

/** Raised with every new table and every change of one. */
export const schemaVersion = 12;

const busyTimeoutMs = 30_000;

/** Whoever opens the database first reads the whole log: at 1 MB that costs 0.5 ms, at SQLite's own limit of 4 MB 3 ms. */
const longestLogPages = 250;

/**
 * Opens the database, creating the file and its tables on first use.
 * @throws {DhowError} `conflict` if a newer dhow wrote it; `corrupt` if it is not a database; `unavailable` if it stays locked.
 */
export function openDatabase(path: string, schemas: readonly Schema[]): Database {
  const deadline = Date.now() + busyTimeoutMs;
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 50)) {
    try {
      return wrapConnection(connect(path, schemas), path);
    } catch (cause) {
      if (cause instanceof DhowError) throw cause;
      // Switching a new file to WAL fails at once, whatever the busy timeout, while another process does the same.
      if (isOutOfRoom(cause)) throw outOfRoom(path, cause);
      if (!isBusy(cause)) throw new DhowError(`cannot open the state database ${path}`, { kind: "corrupt", cause });
      if (Date.now() > deadline)
        throw new DhowError(`state database ${path} stays locked`, { kind: "unavailable", cause });
      sleep(pauseMs + Math.random() * pauseMs);
    }
  }
}

function connect(path: string, schemas: readonly Schema[]): DatabaseSync {
  const connection = new DatabaseSync(path, { timeout: busyTimeoutMs });
  try {
    connection.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = ${longestLogPages}`,
    );
    prepareTables(connection, path, schemas);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function prepareTables(connection: DatabaseSync, path: string, schemas: readonly Schema[]): void {
  const found = readVersion(connection);
  if (found === schemaVersion) return;
  if (found > schemaVersion) {
    throw new DhowError(`state database ${path} was written by a newer dhow`, {
      kind: "conflict",
      hint: "use that version of dhow, or another --root",
    });
  }
  connection.exec("BEGIN IMMEDIATE");
  // Another process may have done it meanwhile: no change may be made twice.
  const version = readVersion(connection);
  for (const { sql, changes = [] } of schemas) {
    connection.exec(sql);
    for (const change of changes) if (change.since > version) connection.exec(change.sql);
  }
  connection.exec(`PRAGMA user_version = ${Math.max(version, schemaVersion)}; COMMIT`);
}

function readVersion(connection: DatabaseSync): number {
  return (connection.prepare("PRAGMA user_version").get() as { user_version: number }).user_version;
}

function isBusy(error: unknown): boolean {
  return [5, 6].includes(primaryCode(error));
}

/** SQLite's "disk I/O error" is what it says of a file that it cannot make longer. */
function isOutOfRoom(error: unknown): boolean {
  return [10, 13].includes(primaryCode(error));
}

function primaryCode(error: unknown): number {
  return error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
}

function outOfRoom(path: string, cause: unknown): DhowError {
  return new DhowError(`cannot write the state database ${path}`, {
    kind: "unavailable",
    cause,
    hint: "if the disk is full, 'dhow system prune' makes room on it",
  });
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** A connection that keeps its prepared statements. @param path What messages call it. */
export function wrapConnection(connection: DatabaseSync, path: string): Database {
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (!statement) {
      statement = connection.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  /** A full disk is nobody's mistake. */
  const explained = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw isOutOfRoom(error) ? outOfRoom(path, error) : error;
    }
  };
  return {
    all: <Row>(sql: string, ...values: SqlValue[]) => explained(() => prepare(sql).all(...values) as Row[]),
    first: <Row>(sql: string, ...values: SqlValue[]) => explained(() => prepare(sql).get(...values) as Row | undefined),
    run: (sql, ...values) => explained(() => Number(prepare(sql).run(...values).changes)),
    transaction: (work) => explained(() => runTransaction(connection, work)),
    close: () => connection.close(),
  };
}

function runTransaction<T>(connection: DatabaseSync, work: () => T): T {
  connection.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    connection.exec("COMMIT");
    return result;
  } catch (error) {
    if (connection.isTransaction) connection.exec("ROLLBACK");
    throw error;
  }
}
