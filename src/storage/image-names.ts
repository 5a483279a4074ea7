import { DhowError } from "../errors.ts";
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

interface NameRow {
  readonly name: string;
  readonly image_id: string;
}

/** Finds the row of the stored name that a text stands for. */
export function findNameRow(database: Database, text: string): NameRow | undefined {
  const exact = database.first<NameRow>("SELECT name, image_id FROM image_names WHERE name = ?", text);
  if (exact) return exact;
  const written = parseOrUndefined(text);
  if (!written || written.digest !== undefined) return undefined;
  for (const registry of candidateRegistries(written)) {
    const name = formatReference(withDefaultTag(qualify(written, registry)));
    const row = database.first<NameRow>("SELECT name, image_id FROM image_names WHERE name = ?", name);
    if (row) return row;
  }
  return written.registry === undefined ? findInAnyRegistry(database, written) : undefined;
}

/** The id of the image that a text names by digest, as `alpine@sha256:...`. */
export function findIdByDigest(database: Database, text: string): string | undefined {
  const written = parseOrUndefined(text);
  if (written?.digest === undefined) return undefined;
  const rows = database.all<{ image_id: string; repository: string }>(
    `SELECT image_id, repository FROM image_digests WHERE digest = ?
     UNION SELECT id, name FROM images JOIN image_names ON image_id = id WHERE manifest_digest = ?`,
    ...[written.digest, written.digest],
  );
  return rows.find(({ repository }) => isRepository(repository, written))?.image_id;
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

function findInAnyRegistry(database: Database, written: WrittenReference): NameRow | undefined {
  const suffix = `/${written.repository}:${written.tag ?? "latest"}`;
  const rows = database.all<NameRow>(
    "SELECT name, image_id FROM image_names WHERE substr(name, -length(?)) = ? ORDER BY name",
    ...[suffix, suffix],
  );
  return rows.find(({ name }) => !name.slice(0, -suffix.length).includes("/"));
}

/** Whether a stored repository (or a stored name in it) is the one that was written, in any registry if it named none. */
function isRepository(stored: string, written: WrittenReference): boolean {
  const repository = repositoryOf(stored);
  if (written.registry !== undefined) return repository === repositoryName(qualify(written, written.registry));
  const path = repository.slice(repository.indexOf("/") + 1);
  return path === written.repository || path === qualify(written, defaultRegistry).repository;
}
