import { DhowError } from "../errors.ts";
import { type Digest, digestHex } from "../oci/digest.ts";
import type { ImageConfig, Manifest, Platform } from "../oci/image.ts";
import { choosePlatform, hostPlatform } from "../oci/platform.ts";
import type { BlobStore } from "./blobs.ts";
import { chainIds } from "./chain-id.ts";
import type { Database, Schema } from "./database.ts";
import {
  type Candidate,
  findByDigest,
  findByName,
  findIdsByPrefix,
  findStoredName,
  giveName,
  nameWithoutTag,
  platformOf,
  splitRepoDigest,
  takeName,
  takeNameFromOthers,
} from "./image-names.ts";
import type { LayerStore } from "./layers.ts";

/** A stored image: a manifest whose config and layers are all present. */
export interface ImageRecord {
  /** Hex of the config digest: what users know as the image id. */
  readonly id: string;
  readonly manifestDigest: Digest;
  readonly configDigest: Digest;
  /** Chain id of the top layer; undefined for an image without layers. */
  readonly topLayer: Digest | undefined;
  /** Fully qualified references with a tag, as `docker.io/library/alpine:latest`. Oldest first. */
  readonly names: readonly string[];
  /** `repository@digest` for each place it came from; of the manifest and of the index that named it. */
  readonly repoDigests: readonly string[];
  readonly createdAt: Date;
  /** Bytes of all unpacked layers plus the config. */
  readonly sizeBytes: number;
  readonly os: string;
  readonly architecture: string;
  readonly variant: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether it lies in a store that is not to be changed. */
  readonly readOnly: boolean;
}

export interface NewImage {
  readonly manifestDigest: Digest;
  readonly names: readonly string[];
  readonly repoDigests: readonly string[];
  /** The index (manifest list) that the names stand for in the registry, if its blob is stored. */
  readonly indexDigest?: Digest | undefined;
}

export interface ImageStore {
  /** Newest first. */
  list(): ImageRecord[];
  /**
   * Finds an image by id, name (short names: localhost/, then docker.io/library/ and docker.io/, then any stored registry,
   * as Podman), digest, or unique id prefix. A name can stand for several images, one a platform: the given platform's is
   * found, by default this machine's, else the one that came last.
   * @throws {DhowError} `conflict` if an id prefix fits several.
   */
  find(nameOrId: string, platform?: Platform): ImageRecord | undefined;
  /** All images that a name or digest stands for, one a platform, newest first; an id stands for one. */
  findAll(nameOrId: string): ImageRecord[];
  /** The stored name (`docker.io/library/alpine:latest`) that a text stands for; undefined if it is an id or unknown. */
  findName(text: string): string | undefined;
  /** @throws {DhowError} `not-found`: podman's "NAME: image not known". */
  get(nameOrId: string, platform?: Platform): ImageRecord;
  /**
   * Records an image whose blobs and layers are stored and gives it the names, taking them from images for the same platform.
   * Adding the same image again adds names and digests.
   * @throws {DhowError} `not-found` if a blob or a layer is missing.
   */
  add(image: NewImage): ImageRecord;
  /** Gives images, of which no two are for the same platform, a name that stands for them alone from now on. */
  setName(name: string, ids: readonly string[]): void;
  /** Takes a name, or a `repository@digest`, from an image. */
  removeName(id: string, name: string): void;
  /** All names that an image has or has had, the newest first. */
  namesHistory(id: string): string[];
  /**
   * Removes the record; blobs and layers go with the next garbage collection. Idempotent.
   * @throws {DhowError} `conflict` with exit code 2 if a container uses the image.
   */
  remove(id: string): void;
  /** Digests of the blobs that an image is made of, and of the index that named it; none of an image in another store. */
  blobs(id: string): Digest[];
  config(image: ImageRecord): ImageConfig;
  manifest(image: ImageRecord): Manifest;
}

export const imagesSchema: Schema = {
  name: "images",
  // The long columns come last: SQLite then reads none of their pages for a listing.
  sql: `CREATE TABLE IF NOT EXISTS images (
    id TEXT PRIMARY KEY, manifest_digest TEXT NOT NULL, top_layer TEXT, created_at INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL, os TEXT NOT NULL, architecture TEXT NOT NULL, variant TEXT,
    labels TEXT NOT NULL, manifest TEXT NOT NULL, config TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS image_names (
    position INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
    image_id TEXT NOT NULL REFERENCES images ON DELETE CASCADE, index_digest TEXT);
  CREATE INDEX IF NOT EXISTS image_names_by_image ON image_names (image_id);
  CREATE TABLE IF NOT EXISTS image_digests (
    image_id TEXT NOT NULL REFERENCES images ON DELETE CASCADE, repository TEXT NOT NULL, digest TEXT NOT NULL,
    PRIMARY KEY (image_id, repository, digest)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS image_blobs (
    image_id TEXT NOT NULL REFERENCES images ON DELETE CASCADE, digest TEXT NOT NULL,
    PRIMARY KEY (image_id, digest)) WITHOUT ROWID`,
  changes: [
    {
      // A name may stand for several images.
      since: 2,
      sql: `CREATE TABLE names_of_images (
        position INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,
        image_id TEXT NOT NULL REFERENCES images ON DELETE CASCADE, index_digest TEXT, UNIQUE (name, image_id));
      INSERT INTO names_of_images SELECT position, name, image_id, index_digest FROM image_names;
      DROP TABLE image_names;
      ALTER TABLE names_of_images RENAME TO image_names;
      CREATE INDEX image_names_by_image ON image_names (image_id)`,
    },
    {
      since: 4,
      sql: `CREATE TABLE image_name_history (
        position INTEGER PRIMARY KEY AUTOINCREMENT, image_id TEXT NOT NULL REFERENCES images ON DELETE CASCADE,
        name TEXT NOT NULL, UNIQUE (image_id, name));
      INSERT INTO image_name_history (image_id, name) SELECT image_id, name FROM image_names ORDER BY position`,
    },
  ],
};

const listed = "id, manifest_digest, top_layer, created_at, size_bytes, os, architecture, variant, labels";

interface ImageRow {
  readonly id: string;
  readonly manifest_digest: Digest;
  readonly top_layer: Digest | null;
  readonly created_at: number;
  readonly size_bytes: number;
  readonly os: string;
  readonly architecture: string;
  readonly variant: string | null;
  readonly labels: string;
}

/** What `rmi` exits with when a container uses the image. */
const inUseExitCode = 2;

interface Related {
  readonly names: readonly string[];
  readonly digests: readonly string[];
}

export interface ImageStoreParts {
  readonly database: Database;
  readonly blobs: BlobStore;
  /** Only `find` is used: to make sure that the layers are there, and for their sizes. */
  readonly layers: () => Pick<LayerStore, "find">;
}

export function openImages(parts: ImageStoreParts): ImageStore {
  const { database } = parts;
  const byId = (id: string): ImageRecord | undefined => {
    const row = database.first<ImageRow>(`SELECT ${listed} FROM images WHERE id = ?`, id);
    return row && fromRow(row, relatedTo(database, id));
  };
  const find = (nameOrId: string, platform?: Platform): ImageRecord | undefined => {
    const id = chooseCandidate(findCandidates(database, nameOrId), platform)?.id;
    return id === undefined ? undefined : byId(id);
  };

  return {
    list: () => listImages(database),
    find,
    findAll: (nameOrId) => findCandidates(database, nameOrId).flatMap(({ id }) => byId(id) ?? []),
    findName: (text) => findStoredName(database, text),
    get: (nameOrId, platform) => find(nameOrId, platform) ?? throwUnknown(nameOrId),
    add(image) {
      const prepared = prepareImage(parts, image);
      database.transaction(() => insertImage(database, prepared, image));
      return byId(prepared.id) ?? throwUnknown(prepared.id);
    },
    setName: (name, ids) => database.transaction(() => setName(database, name, ids)),
    namesHistory: (id) =>
      database
        .all<{ name: string }>("SELECT name FROM image_name_history WHERE image_id = ? ORDER BY position DESC", id)
        .map(({ name }) => name),
    removeName: (id, name) => database.transaction(() => takeName(database, id, name)),
    remove(id) {
      database.transaction(() => {
        const user = findUser(database, id);
        if (user) {
          throw new DhowError(
            `image used by ${user.id}: image is in use by a container: consider listing external containers and force-removing image`,
            { kind: "conflict", exitCode: inUseExitCode },
          );
        }
        database.run("DELETE FROM images WHERE id = ?", id);
      });
    },
    blobs: (id) =>
      database
        .all<{ digest: Digest }>("SELECT digest FROM image_blobs WHERE image_id = ?", id)
        .map(({ digest }) => digest),
    config: ({ id }) => readColumn<ImageConfig>(database, "config", id),
    manifest: ({ id }) => readColumn<Manifest>(database, "manifest", id),
  };
}

function throwUnknown(nameOrId: string): never {
  throw new DhowError(`${nameOrId}: image not known`, { kind: "not-found" });
}

/** The images that a text stands for, newest first. */
function findCandidates(database: Database, text: string): Candidate[] {
  const id = text.startsWith("sha256:") ? text.slice("sha256:".length) : text;
  const exact = candidateById(database, id);
  if (exact.length > 0) return exact;
  const name = findStoredName(database, text);
  const named = name === undefined ? findByDigest(database, text) : findByName(database, name);
  if (named.length > 0) return named;
  const ids = findIdsByPrefix(database, id);
  if (ids.length > 1) {
    throw new DhowError(
      `image ID prefix ${JSON.stringify(text)} is ambiguous: it fits ${ids.map((one) => one.slice(0, 12)).join(" and ")}`,
      { kind: "conflict" },
    );
  }
  return ids.flatMap((one) => candidateById(database, one));
}

function candidateById(database: Database, id: string): Candidate[] {
  return database.all<Candidate>("SELECT id, os, architecture, variant FROM images WHERE id = ?", id);
}

function chooseCandidate(candidates: readonly Candidate[], wanted: Platform | undefined): Candidate | undefined {
  if (wanted === undefined && candidates.length < 2) return candidates[0];
  const choices = candidates.map((candidate) => ({ ...platformOf(candidate), candidate }));
  const chosen = choosePlatform(choices, wanted ?? hostPlatform())?.candidate;
  return wanted === undefined ? (chosen ?? candidates[0]) : chosen;
}

function setName(database: Database, name: string, ids: readonly string[]): void {
  takeNameFromOthers(database, name, ids);
  // The first is the newest, and so becomes the last.
  for (const id of ids.toReversed()) {
    if (candidateById(database, id).length === 0) throwUnknown(id);
    giveName(database, { id, name, indexDigest: undefined });
  }
}

function listImages(database: Database): ImageRecord[] {
  const related = new Map<string, { names: string[]; digests: string[] }>();
  const of = (id: string) => {
    let entry = related.get(id);
    if (!entry) {
      entry = { names: [], digests: [] };
      related.set(id, entry);
    }
    return entry;
  };
  // One snapshot for the three queries would need a transaction; a name without its image is simply not shown.
  const images = database.all<ImageRow>(`SELECT ${listed} FROM images ORDER BY created_at DESC, id`);
  for (const row of database.all<{ name: string; image_id: string }>(
    "SELECT name, image_id FROM image_names ORDER BY position",
  )) {
    of(row.image_id).names.push(row.name);
  }
  for (const row of database.all<DigestRow>("SELECT image_id, repository, digest FROM image_digests")) {
    of(row.image_id).digests.push(`${row.repository}@${row.digest}`);
  }
  return images.map((row) => fromRow(row, of(row.id)));
}

interface DigestRow {
  readonly image_id: string;
  readonly repository: string;
  readonly digest: string;
}

function relatedTo(database: Database, id: string): Related {
  const names = database.all<{ name: string }>("SELECT name FROM image_names WHERE image_id = ? ORDER BY position", id);
  const digests = database.all<DigestRow>("SELECT repository, digest FROM image_digests WHERE image_id = ?", id);
  return {
    names: names.map(({ name }) => name),
    digests: digests.map(({ repository, digest }) => `${repository}@${digest}`),
  };
}

function fromRow(row: ImageRow, { names, digests }: Related): ImageRecord {
  const own = names.map((name) => `${nameWithoutTag(name)}@${row.manifest_digest}`);
  return {
    id: row.id,
    manifestDigest: row.manifest_digest,
    configDigest: `sha256:${row.id}` as Digest,
    topLayer: row.top_layer ?? undefined,
    names,
    repoDigests: [...new Set([...own, ...digests])].sort(),
    createdAt: new Date(row.created_at),
    sizeBytes: row.size_bytes,
    os: row.os,
    architecture: row.architecture,
    variant: row.variant ?? undefined,
    labels: JSON.parse(row.labels) as Record<string, string>,
    readOnly: false,
  };
}

interface PreparedImage {
  readonly id: string;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  readonly topLayer: Digest | undefined;
  readonly sizeBytes: number;
}

/** Reads and checks everything that the record stands for. */
function prepareImage({ blobs, layers }: ImageStoreParts, { manifestDigest }: NewImage): PreparedImage {
  const manifest = JSON.parse(blobs.read(manifestDigest).toString("utf8")) as Manifest;
  const configBytes = blobs.read(manifest.config.digest);
  const config = JSON.parse(configBytes.toString("utf8")) as ImageConfig;
  const chain = chainIds(config.rootfs.diff_ids);
  let sizeBytes = configBytes.length;
  for (const chainId of chain) {
    const layer = layers().find(chainId);
    if (!layer) throw new DhowError(`layer ${chainId} of the image is not stored`, { kind: "not-found" });
    sizeBytes += layer.sizeBytes;
  }
  return { id: digestHex(manifest.config.digest), manifest, config, topLayer: chain.at(-1), sizeBytes };
}

function insertImage(database: Database, prepared: PreparedImage, image: NewImage): void {
  const { id, manifest, config } = prepared;
  database.run(
    `INSERT INTO images (${listed}, manifest, config) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET manifest_digest = excluded.manifest_digest, manifest = excluded.manifest`,
    ...[id, image.manifestDigest, prepared.topLayer ?? null, Date.parse(config.created ?? "") || 0, prepared.sizeBytes],
    ...[config.os, config.architecture, config.variant ?? null, JSON.stringify(config.config?.Labels ?? {})],
    ...[JSON.stringify(manifest), JSON.stringify(config)],
  );
  const blobs = [image.manifestDigest, manifest.config.digest, ...manifest.layers.map(({ digest }) => digest)];
  if (image.indexDigest !== undefined) blobs.push(image.indexDigest);
  for (const digest of blobs) database.run("INSERT OR IGNORE INTO image_blobs VALUES (?, ?)", id, digest);
  for (const name of image.names) giveName(database, { id, name, indexDigest: image.indexDigest });
  for (const repoDigest of image.repoDigests) {
    const { repository, digest } = splitRepoDigest(repoDigest);
    database.run("INSERT OR IGNORE INTO image_digests VALUES (?, ?, ?)", id, repository, digest);
  }
}

function readColumn<T>(database: Database, column: "config" | "manifest", id: string): T {
  const row = database.first<{ json: string }>(`SELECT ${column} AS json FROM images WHERE id = ?`, id);
  return JSON.parse(row?.json ?? throwUnknown(id)) as T;
}

/** A container that is made of an image, or mounts it. */
function findUser(database: Database, id: string): { readonly id: string } | undefined {
  return database.first(
    `SELECT id FROM containers WHERE image_id = ? OR (instr(config, ?)
       AND EXISTS (SELECT 1 FROM json_each(config, '$.mounts') WHERE value ->> 'imageId' = ?))`,
    ...[id, id, id],
  );
}
