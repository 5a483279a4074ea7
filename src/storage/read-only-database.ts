import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { DhowError } from "../errors.ts";
import { type Database, schemaVersion, wrapConnection } from "./database.ts";

const attempts = 5;

/**
 * Opens another store's state database without ever writing: neither the file nor SQLite's own files beside it.
 * @throws {DhowError} `conflict` if another version of dhow wrote it; `unavailable` if it cannot be read.
 */
export function openDatabaseReadOnly(path: string): Database {
  for (let attempt = 1; ; attempt++) {
    try {
      return wrapConnection(connect(path), path);
    } catch (cause) {
      if (cause instanceof DhowError) throw cause;
      // Its owner may have opened or closed it between our look and now.
      if (attempt >= attempts)
        throw new DhowError(`cannot read the state database ${path}`, { kind: "unavailable", cause });
    }
  }
}

function connect(path: string): DatabaseSync {
  const url = pathToFileURL(path);
  // With a log the owner is at work, and the log's index is shared with them. Without one the file is all there is, and
  // SQLite would want to make a log before it reads.
  url.search = existsSync(`${path}-wal`) ? "?mode=ro&readonly_shm=1" : "?mode=ro&immutable=1";
  const connection = new DatabaseSync(url, { readOnly: true, timeout: 5000 });
  try {
    const { user_version: version } = connection.prepare("PRAGMA user_version").get() as { user_version: number };
    if (version !== schemaVersion) {
      throw new DhowError(
        `state database ${path} was written by ${version > schemaVersion ? "a newer" : "an older"} dhow`,
        {
          kind: "conflict",
          hint: "its owner and you should use the same version of dhow",
        },
      );
    }
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}
