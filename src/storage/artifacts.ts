import { DhowError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import type { Manifest } from "../oci/image.ts";
import { formatReference, parseReference, withDefaultTag } from "../oci/reference.ts";
import type { BlobStore } from "./blobs.ts";
import type { Database, Schema } from "./database.ts";

/** Files under a name: a manifest whose config and layers are stored as blobs, and never unpacked. */
export interface ArtifactRecord {
  /** As it was given; without a tag it stands for `latest`. */
  readonly name: string;
  /** Of the manifest. */
  readonly digest: Digest;
  readonly manifest: Manifest;
  /** When the name was given to this content. */
  readonly createdAt: Date;
}

export interface ArtifactStore {
  /** By name. */
  list(): ArtifactRecord[];
  /**
   * By name, digest, or the first hex digits of a digest.
   * @throws {DhowError} `conflict` if several begin with these digits.
   */
  find(nameOrDigest: string): ArtifactRecord | undefined;
  /** @throws {DhowError} `not-found`: podman's "NAME: artifact does not exist". */
  get(nameOrDigest: string): ArtifactRecord;
  /** Gives a name to a manifest that is stored with all its blobs; what had the name before loses it. */
  put(name: string, digest: Digest): ArtifactRecord;
  /** Idempotent. Its blobs go with the next garbage collection. */
  remove(name: string): void;
}

export const artifactsSchema: Schema = {
  name: "artifacts",
  sql: `CREATE TABLE IF NOT EXISTS artifacts (
    name TEXT PRIMARY KEY, digest TEXT NOT NULL, created_at INTEGER NOT NULL, manifest TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS artifact_blobs (
    name TEXT NOT NULL REFERENCES artifacts ON DELETE CASCADE, digest TEXT NOT NULL,
    PRIMARY KEY (name, digest)) WITHOUT ROWID`,
};

interface ArtifactRow {
  readonly name: string;
  readonly digest: Digest;
  readonly created_at: number;
  readonly manifest: string;
}

export function openArtifacts(database: Database, blobs: BlobStore): ArtifactStore {
  const list = () => database.all<ArtifactRow>("SELECT * FROM artifacts ORDER BY name").map(fromRow);
  const find = (text: string) => findNamed(list(), text) ?? findByDigest(list(), text);
  return {
    list,
    find,
    get: (text) => find(text) ?? throwUnknown(text),
    put(name, digest) {
      const text = blobs.read(digest).toString("utf8");
      const { config, layers } = JSON.parse(text) as Manifest;
      const needed = new Set([digest, config.digest, ...layers.map((layer) => layer.digest)]);
      database.transaction(() => {
        const former = findNamed(list(), name)?.name;
        if (former !== undefined) database.run("DELETE FROM artifacts WHERE name = ?", former);
        database.run("INSERT INTO artifacts VALUES (?, ?, ?, ?)", name, digest, Date.now(), text);
        for (const blob of needed) database.run("INSERT INTO artifact_blobs VALUES (?, ?)", name, blob);
      });
      return find(name) ?? throwUnknown(name);
    },
    remove: (name) => void database.run("DELETE FROM artifacts WHERE name = ?", name),
  };
}

function fromRow({ name, digest, created_at, manifest }: ArtifactRow): ArtifactRecord {
  return { name, digest, manifest: JSON.parse(manifest) as Manifest, createdAt: new Date(created_at) };
}

/** The same name may be written with `latest` or without it. */
function findNamed(artifacts: readonly ArtifactRecord[], text: string): ArtifactRecord | undefined {
  const exact = artifacts.find(({ name }) => name === text);
  if (exact) return exact;
  const wanted = fullName(text);
  return wanted === undefined ? undefined : artifacts.find(({ name }) => fullName(name) === wanted);
}

function fullName(text: string): string | undefined {
  try {
    return formatReference(withDefaultTag(parseReference(text)));
  } catch {
    return undefined;
  }
}

function findByDigest(artifacts: readonly ArtifactRecord[], text: string): ArtifactRecord | undefined {
  const prefix = text.startsWith("sha256:") ? text : `sha256:${text}`;
  const found = artifacts.filter(({ digest }) => digest.startsWith(prefix));
  const [first] = found;
  if (first === undefined || text === "" || found.every(({ digest }) => digest === first.digest)) return first;
  throw new DhowError(`artifact digest prefix ${JSON.stringify(text)} is ambiguous: it fits several artifacts`, {
    kind: "conflict",
  });
}

function throwUnknown(text: string): never {
  throw new DhowError(`${text}: artifact does not exist`, { kind: "not-found" });
}
