import { DhowError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { isSamePlatform } from "../oci/platform.ts";
import {
  defaultRegistry,
  formatReference,
  parseReference,
  parseWrittenReference,
  qualify,
  repositoryName,
  type WrittenReference,
  withDefaultTag,
} from "../oci/reference.ts";
import type { Database } from "./database.ts";

/** An image that a text may stand for. */
export interface Candidate {
  readonly id: string;
  readonly os: string;
  readonly architecture: string;
  readonly variant: string | null;
}

/** The stored name that a text stands for. */
export function findStoredName(database: Database, text: string): string | undefined {
  const isStored = (name: string) =>
    database.first(
      "SELECT 1 FROM image_names WHERE name = ? UNION ALL SELECT 1 FROM manifest_list_names WHERE name = ?",
      ...[name, name],
    ) !== undefined;
  if (isStored(text)) return text;
  const written = parseOrUndefined(text);
  if (!written || written.digest !== undefined) return undefined;
  const name = candidateRegistries(written)
    .map((registry) => formatReference(withDefaultTag(qualify(written, registry))))
    .find(isStored);
  return name ?? (written.registry === undefined ? findInAnyRegistry(database, written) : undefined);
}

/** The images of a stored name, the newest first; of a manifest list, those of its instances that are stored. */
export function findByName(database: Database, name: string): Candidate[] {
  const own = findOwners(database, name);
  if (own.length > 0) return own;
  return database.all<Candidate>(
    `SELECT DISTINCT images.id, os, architecture, variant
     FROM manifest_list_names JOIN manifest_list_blobs USING (list_id) JOIN images ON manifest_digest = instance
     WHERE name = ?`,
    name,
  );
}

function findOwners(database: Database, name: string): Candidate[] {
  return database.all<Candidate>(
    `SELECT images.id, os, architecture, variant FROM image_names JOIN images ON images.id = image_id
     WHERE name = ? ORDER BY position DESC`,
    name,
  );
}

/** The images that a text names by digest, as `alpine@sha256:...`: several if it is that of an index. */
export function findByDigest(database: Database, text: string): Candidate[] {
  const written = parseOrUndefined(text);
  if (written?.digest === undefined) return [];
  const rows = database.all<Candidate & { repository: string }>(
    `SELECT id, os, architecture, variant, repository FROM images JOIN image_digests ON image_id = id WHERE digest = ?
     UNION SELECT id, os, architecture, variant, name FROM images JOIN image_names ON image_id = id
     WHERE manifest_digest = ?`,
    ...[written.digest, written.digest],
  );
  const fitting = rows.filter(({ repository }) => isRepository(repository, written));
  return [...new Map(fitting.map((row) => [row.id, row])).values()];
}

/** The ids that begin with some hex digits; at most two. */
export function findIdsByPrefix(database: Database, prefix: string): string[] {
  if (!/^[0-9a-f]{1,64}$/.test(prefix)) return [];
  const rows = database.all<{ id: string }>(
    "SELECT id FROM images WHERE id >= ? AND id < ? LIMIT 2",
    ...[prefix, `${prefix}g`],
  );
  return rows.map(({ id }) => id);
}

export interface GivenName {
  readonly id: string;
  readonly name: string;
  readonly indexDigest: Digest | undefined;
}

/** Gives an image a name, taking it from one for the same platform and from a manifest list. Call it inside of a transaction. */
export function giveName(database: Database, { id, name, indexDigest }: GivenName): void {
  const self = database.first<Candidate>("SELECT id, os, architecture, variant FROM images WHERE id = ?", id);
  database.run("DELETE FROM manifest_list_names WHERE name = ?", name);
  for (const other of findOwners(database, name)) {
    if (self && other.id !== id && isSamePlatform(platformOf(self), platformOf(other)))
      takeName(database, other.id, name);
  }
  database.run(
    "INSERT OR REPLACE INTO image_names (name, image_id, index_digest) VALUES (?, ?, ?)",
    ...[name, id, indexDigest ?? null],
  );
  database.run("INSERT OR REPLACE INTO image_name_history (image_id, name) VALUES (?, ?)", id, name);
}

/** Takes a name from all manifest lists and from all images but some. Call it inside of a transaction. */
export function takeNameFromOthers(database: Database, name: string, imageIds: readonly string[]): void {
  database.run("DELETE FROM manifest_list_names WHERE name = ?", name);
  for (const { id } of findOwners(database, name)) if (!imageIds.includes(id)) takeName(database, id, name);
}

/** Takes a name or a `repository@digest` from an image, and with the last name in a repository what is known of it there. */
export function takeName(database: Database, id: string, name: string): void {
  if (name.includes("@")) {
    const { repository, digest } = splitRepoDigest(name);
    database.run(
      "DELETE FROM image_digests WHERE image_id = ? AND repository = ? AND digest = ?",
      ...[id, repository, digest],
    );
    return;
  }
  if (database.run("DELETE FROM image_names WHERE name = ? AND image_id = ?", name, id) === 0) return;
  const repository = nameWithoutTag(name);
  const others = database.all<{ name: string }>(
    "SELECT name FROM image_names WHERE image_id = ? ORDER BY position",
    id,
  );
  // As in containers/storage the names that stay are the newest of the history.
  for (const other of others)
    database.run("INSERT OR REPLACE INTO image_name_history (image_id, name) VALUES (?, ?)", id, other.name);
  if (others.some((other) => nameWithoutTag(other.name) === repository)) return;
  database.run("DELETE FROM image_digests WHERE image_id = ? AND repository = ?", id, repository);
}

export function platformOf({ os, architecture, variant }: Omit<Candidate, "id">) {
  return { os, architecture, variant: variant ?? undefined };
}

/** A stored name without its tag. */
export function nameWithoutTag(name: string): string {
  return name.slice(0, name.lastIndexOf(":"));
}

/** `registry/repository` of a stored name. */
export function repositoryOf(name: string): string {
  return repositoryName(parseReference(name));
}

/** Splits `repository@digest`. */
export function splitRepoDigest(repoDigest: string): { repository: string; digest: string } {
  const at = repoDigest.indexOf("@");
  return { repository: repoDigest.slice(0, at), digest: repoDigest.slice(at + 1) };
}

function parseOrUndefined(text: string): WrittenReference | undefined {
  try {
    return parseWrittenReference(text);
  } catch (error) {
    if (error instanceof DhowError) return undefined;
    throw error;
  }
}

function candidateRegistries({ registry }: WrittenReference): string[] {
  return registry === undefined ? ["localhost", defaultRegistry] : [registry];
}

function findInAnyRegistry(database: Database, written: WrittenReference): string | undefined {
  const suffix = `/${written.repository}:${written.tag ?? "latest"}`;
  const rows = database.all<{ name: string }>(
    `SELECT name FROM (SELECT name FROM image_names UNION SELECT name FROM manifest_list_names)
     WHERE substr(name, -length(?)) = ? ORDER BY name`,
    ...[suffix, suffix],
  );
  return rows.find(({ name }) => !name.slice(0, -suffix.length).includes("/"))?.name;
}

/** Whether a stored repository (or a stored name in it) is the one that was written, in any registry if it named none. */
function isRepository(stored: string, written: WrittenReference): boolean {
  const repository = repositoryOf(stored);
  if (written.registry !== undefined) return repository === repositoryName(qualify(written, written.registry));
  const path = repository.slice(repository.indexOf("/") + 1);
  return path === written.repository || path === qualify(written, defaultRegistry).repository;
}
