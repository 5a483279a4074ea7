import { DhowError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import type { Index } from "../oci/image.ts";
import type { Database, Schema } from "./database.ts";
import { randomHex } from "./hash.ts";
import { findStoredName, takeNameFromOthers } from "./image-names.ts";

/** An index that is put together here, under names of its own, before it is pushed. */
export interface ManifestListRecord {
  /** 64 hex digits; stays the same whatever the list holds. */
  readonly id: string;
  /** Fully qualified references with a tag. Oldest first. */
  readonly names: readonly string[];
  readonly createdAt: Date;
  /** Without a media type: that depends on what it holds. */
  readonly index: Index;
  /** Where an instance lies that is not in the store: `repository@digest` in a registry. */
  readonly origins: Readonly<Record<Digest, string>>;
}

/** What a list holds; the instances that are in the store with the blobs they need. */
export interface ManifestListContent {
  readonly index: Index;
  readonly origins: Readonly<Record<Digest, string>>;
}

export interface ManifestListStore {
  /** Newest first. */
  list(): ManifestListRecord[];
  /** By id, name (as images are found) or unique id prefix. */
  find(nameOrId: string): ManifestListRecord | undefined;
  /** @throws {DhowError} `not-found`: podman's "NAME: image not known"; `invalid-argument` for what is an image. */
  get(nameOrId: string): ManifestListRecord;
  /**
   * Makes an empty list.
   * @throws {DhowError} `already-exists` if the name is that of an image or another list.
   */
  create(name: string): ManifestListRecord;
  /**
   * Changes what a list holds, as one step between all processes.
   * @param change What becomes of the content.
   * @param blobs Those of stored instances that come with it, by the instance's digest: kept as long as the list names it.
   */
  update(
    id: string,
    change: (content: ManifestListContent) => ManifestListContent,
    blobs?: ReadonlyMap<Digest, readonly Digest[]>,
  ): void;
  /** Gives the list a name, taking it from whatever has it. */
  setName(name: string, id: string): void;
  removeName(id: string, name: string): void;
  /** Idempotent. Blobs that it alone needed go with the next garbage collection. */
  remove(id: string): void;
  /** Digests of all manifests that lists name. */
  instanceDigests(): ReadonlySet<string>;
}

export const manifestListsSchema: Schema = {
  name: "manifest_lists",
  sql: `CREATE TABLE IF NOT EXISTS manifest_lists (
    id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, list_index TEXT NOT NULL, origins TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS manifest_list_names (
    position INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
    list_id TEXT NOT NULL REFERENCES manifest_lists ON DELETE CASCADE);
  CREATE TABLE IF NOT EXISTS manifest_list_blobs (
    list_id TEXT NOT NULL REFERENCES manifest_lists ON DELETE CASCADE, instance TEXT NOT NULL, digest TEXT NOT NULL,
    PRIMARY KEY (list_id, instance, digest)) WITHOUT ROWID`,
};

interface ListRow {
  readonly id: string;
  readonly created_at: number;
  readonly list_index: string;
  readonly origins: string;
}

const emptyIndex: Index = { schemaVersion: 2, manifests: [] };

export function openManifestLists(database: Database): ManifestListStore {
  const find = (nameOrId: string): ManifestListRecord | undefined => {
    const row = findRow(database, nameOrId);
    return row && fromRow(row, namesOf(database, row.id));
  };
  const get = (nameOrId: string): ManifestListRecord => find(nameOrId) ?? throwUnknown(database, nameOrId);

  return {
    list: () =>
      database
        .all<ListRow>("SELECT * FROM manifest_lists ORDER BY created_at DESC, id")
        .map((row) => fromRow(row, namesOf(database, row.id))),
    find,
    get,
    create(name) {
      const id = randomHex(32);
      database.transaction(() => {
        refuseTaken(database, name);
        const values = [id, Date.now(), JSON.stringify(emptyIndex), "{}"];
        database.run("INSERT INTO manifest_lists VALUES (?, ?, ?, ?)", ...values);
        database.run("INSERT INTO manifest_list_names (name, list_id) VALUES (?, ?)", name, id);
      });
      return get(id);
    },
    update: (id, change, blobs = new Map()) => database.transaction(() => update(database, { id, change, blobs })),
    setName(name, id) {
      database.transaction(() => {
        takeNameFromOthers(database, name, []);
        database.run("INSERT OR REPLACE INTO manifest_list_names (name, list_id) VALUES (?, ?)", name, id);
      });
    },
    removeName(id, name) {
      database.run("DELETE FROM manifest_list_names WHERE list_id = ? AND name = ?", id, name);
    },
    remove(id) {
      database.run("DELETE FROM manifest_lists WHERE id = ?", id);
    },
    instanceDigests() {
      const indexes = database.all<{ list_index: string }>("SELECT list_index FROM manifest_lists");
      const digests = indexes.flatMap((row) => (JSON.parse(row.list_index) as Index).manifests);
      return new Set(digests.map(({ digest }) => digest));
    },
  };
}

function findRow(database: Database, nameOrId: string): ListRow | undefined {
  const id = nameOrId.startsWith("sha256:") ? nameOrId.slice("sha256:".length) : nameOrId;
  const exact = database.first<ListRow>("SELECT * FROM manifest_lists WHERE id = ?", id);
  if (exact) return exact;
  const name = findStoredName(database, nameOrId);
  if (name !== undefined) {
    return database.first<ListRow>(
      "SELECT * FROM manifest_lists WHERE id = (SELECT list_id FROM manifest_list_names WHERE name = ?)",
      name,
    );
  }
  if (!/^[0-9a-f]{1,63}$/.test(id)) return undefined;
  const rows = database.all<ListRow>(
    "SELECT * FROM manifest_lists WHERE id >= ? AND id < ? LIMIT 2",
    ...[id, `${id}g`],
  );
  return rows.length === 1 ? rows[0] : undefined;
}

function namesOf(database: Database, id: string): string[] {
  const sql = "SELECT name FROM manifest_list_names WHERE list_id = ? ORDER BY position";
  return database.all<{ name: string }>(sql, id).map(({ name }) => name);
}

function fromRow(row: ListRow, names: readonly string[]): ManifestListRecord {
  return {
    id: row.id,
    names,
    createdAt: new Date(row.created_at),
    index: JSON.parse(row.list_index) as Index,
    origins: JSON.parse(row.origins) as Record<Digest, string>,
  };
}

function throwUnknown(database: Database, nameOrId: string): never {
  const isImage =
    findStoredName(database, nameOrId) ?? database.first("SELECT 1 FROM images WHERE id LIKE ? || '%'", nameOrId);
  if (isImage !== undefined) {
    throw new DhowError(`${nameOrId}: image is not a manifest list`, { kind: "invalid-argument" });
  }
  throw new DhowError(`${nameOrId}: image not known`, { kind: "not-found" });
}

function refuseTaken(database: Database, name: string): void {
  const owner =
    database.first<{ id: string }>("SELECT list_id AS id FROM manifest_list_names WHERE name = ?", name) ??
    database.first<{ id: string }>("SELECT image_id AS id FROM image_names WHERE name = ?", name);
  if (!owner) return;
  throw new DhowError(
    `image name ${JSON.stringify(name)} is already associated with image ${JSON.stringify(owner.id)}: that name is already in use`,
    { kind: "already-exists" },
  );
}

interface Update {
  readonly id: string;
  readonly change: (content: ManifestListContent) => ManifestListContent;
  readonly blobs: ReadonlyMap<Digest, readonly Digest[]>;
}

function update(database: Database, { id, change, blobs }: Update): void {
  const row = database.first<ListRow>("SELECT * FROM manifest_lists WHERE id = ?", id);
  if (!row) throwUnknown(database, id);
  const { index, origins } = change(fromRow(row, []));
  database.run(
    "UPDATE manifest_lists SET list_index = ?, origins = ? WHERE id = ?",
    ...[JSON.stringify(index), JSON.stringify(origins), id],
  );
  const instances = new Set<string>(index.manifests.map(({ digest }) => digest));
  for (const { instance } of database.all<{ instance: string }>(
    "SELECT DISTINCT instance FROM manifest_list_blobs WHERE list_id = ?",
    id,
  )) {
    if (!instances.has(instance))
      database.run("DELETE FROM manifest_list_blobs WHERE list_id = ? AND instance = ?", id, instance);
  }
  for (const [instance, digests] of blobs) {
    for (const digest of digests)
      database.run("INSERT OR IGNORE INTO manifest_list_blobs VALUES (?, ?, ?)", id, instance, digest);
  }
}
