import { DatabaseSync, type StatementSync } from "node:sqlite";
import { DhowError } from "../errors.ts";

export type SqlValue = string | number | bigint | null | Uint8Array;

/** The state database: one SQLite file in WAL mode, safe under parallel processes and kill -9. */
export interface Database {
  all<Row>(sql: string, ...values: SqlValue[]): Row[];
  first<Row>(sql: string, ...values: SqlValue[]): Row | undefined;
  /** @returns The number of changed rows. */
  run(sql: string, ...values: SqlValue[]): number;
  /** Runs reads and writes as one atomic step; other writers wait. Not nestable. Keep it short: no programs, no network inside. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/** Tables of one store. Every `create` statement must be idempotent; a change of shape raises `schemaVersion`. */
export interface Schema {
  readonly name: string;
  readonly sql: string;
}

/** Raised with every incompatible change of any table. */
export const schemaVersion = 1;

/**
 * Opens the database, creating the file and its tables on first use.
 * @throws {DhowError} `conflict` if a newer dhow wrote it; `corrupt` if it is not a database.
 */
export function openDatabase(path: string, schemas: readonly Schema[]): Database {
  let connection: DatabaseSync;
  try {
    connection = new DatabaseSync(path, { timeout: 10_000 });
    connection.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
    prepareTables(connection, path, schemas);
  } catch (cause) {
    if (cause instanceof DhowError) throw cause;
    throw new DhowError(`cannot open the state database ${path}`, { kind: "corrupt", cause });
  }
  return wrap(connection);
}

function prepareTables(connection: DatabaseSync, path: string, schemas: readonly Schema[]): void {
  const row = connection.prepare("PRAGMA user_version").get() as { user_version: number };
  if (row.user_version === schemaVersion) return;
  if (row.user_version > schemaVersion) {
    throw new DhowError(`state database ${path} was written by a newer dhow`, {
      kind: "conflict",
      hint: "use that version of dhow, or another --root",
    });
  }
  connection.exec(["BEGIN IMMEDIATE", ...schemas.map(({ sql }) => sql), `PRAGMA user_version = ${schemaVersion}`, "COMMIT"].join(";\n"));
}

function wrap(connection: DatabaseSync): Database {
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (!statement) {
      statement = connection.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  return {
    all: <Row>(sql: string, ...values: SqlValue[]) => prepare(sql).all(...values) as Row[],
    first: <Row>(sql: string, ...values: SqlValue[]) => prepare(sql).get(...values) as Row | undefined,
    run: (sql, ...values) => Number(prepare(sql).run(...values).changes),
    transaction(work) {
      connection.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        connection.exec("COMMIT");
        return result;
      } catch (error) {
        if (connection.isTransaction) connection.exec("ROLLBACK");
        throw error;
      }
    },
    close: () => connection.close(),
  };
}
