import type { Engine } from "../../engine.ts";
import { DhowError, isKind } from "../../errors.ts";
import { type Digest, parseDigest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/image.ts";
import { parseManifest } from "../../oci/manifest.ts";
import type { ManifestListRecord } from "../../storage/manifest-lists.ts";
import { titleAnnotation } from "../artifact/names.ts";
import { localName } from "../tag.ts";
import {
  addInstances,
  changeEntry,
  changeIndex,
  digestOrUndefined,
  type EntryChange,
  type FindOptions,
  type Instance,
  removeInstance,
} from "./content.ts";
import { findInstances } from "./find-instances.ts";

type ListEngine = Pick<Engine, "images" | "manifestLists" | "blobs" | "leases" | "paths">;

export interface CreateListOptions extends FindOptions {
  /** Goes on with a list of that name that is there. */
  readonly amend: boolean;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Makes a list with the images that are named. It stays if one of them cannot be found, as with podman.
 * @throws {DhowError} `already-exists`; `not-found`; what a registry fails with.
 */
export async function createList(
  engine: ListEngine,
  name: string,
  images: readonly string[],
  options: CreateListOptions,
): Promise<ManifestListRecord> {
  const list = openList(engine, localName(name), options.amend);
  if (Object.keys(options.annotations).length > 0) {
    engine.manifestLists.update(list.id, (content) => changeIndex(content, { annotations: options.annotations }));
  }
  for (const image of images) await addToList(engine, list.id, image, { ...options, change: {} });
  return list;
}

function openList({ manifestLists }: ListEngine, name: string, amend: boolean): ManifestListRecord {
  try {
    return manifestLists.create(name);
  } catch (error) {
    const existing = amend && isKind(error, "already-exists") ? manifestLists.find(name) : undefined;
    if (existing) return existing;
    throw error;
  }
}

export interface AddOptions extends FindOptions {
  /** What the entry says other than the image. */
  readonly change: EntryChange;
}

/**
 * Adds an image, or with `all` those of an index, to a list.
 * @throws {DhowError} `not-found`; what a registry fails with.
 */
export async function addToList(
  engine: ListEngine,
  list: string,
  image: string,
  { change, ...options }: AddOptions,
): Promise<ManifestListRecord> {
  const record = engine.manifestLists.get(list);
  addEntries(engine, record, await findInstances(engine, image, options), change);
  return record;
}

/** Adds entries that have been found or made. */
export function addEntries(
  { manifestLists, leases }: Pick<Engine, "manifestLists" | "leases">,
  { id }: ManifestListRecord,
  instances: readonly Instance[],
  change: EntryChange,
): void {
  // What an image that is being removed leaves belongs to the list from here on.
  leases.take(instances.flatMap(({ blobs }) => blobs));
  manifestLists.update(
    id,
    (content) =>
      instances.reduce(
        (next, { descriptor }) => changeEntry(next, descriptor.digest, change),
        addInstances(content, instances),
      ),
    new Map(instances.map(({ descriptor, blobs }) => [descriptor.digest, blobs])),
  );
}

/** @throws {DhowError} `not-found`; `invalid-argument` for what is no digest. */
export function removeFromList({ manifestLists }: ListEngine, list: string, digest: string): ManifestListRecord {
  const parsed = parseInstanceDigest(digest);
  const record = manifestLists.get(list);
  manifestLists.update(record.id, (content) => removeInstance(content, parsed));
  return record;
}

function parseInstanceDigest(text: string): Digest {
  try {
    return parseDigest(text);
  } catch (cause) {
    throw new DhowError(`invalid image digest ${JSON.stringify(text)}`, { kind: "invalid-argument", cause });
  }
}

/**
 * Changes an entry, given by its digest, or by the name of the image or the file that it is.
 * @throws {DhowError} `not-found`.
 */
export async function annotateEntry(
  engine: ListEngine,
  target: { readonly list: string; readonly entry: string },
  change: EntryChange,
  options: FindOptions,
): Promise<ManifestListRecord> {
  const record = engine.manifestLists.get(target.list);
  const digest = await entryDigest(engine, record, target.entry, options);
  engine.manifestLists.update(record.id, (content) => changeEntry(content, digest, change));
  return record;
}

async function entryDigest(
  engine: ListEngine,
  { index }: ManifestListRecord,
  entry: string,
  options: FindOptions,
): Promise<Digest> {
  const digest = digestOrUndefined(entry) ?? findFile(engine, index.manifests, entry);
  if (digest !== undefined) return digest;
  const known = new Set<string>(index.manifests.map((descriptor) => descriptor.digest));
  const stored = engine.images.findAll(entry).find(({ manifestDigest }) => known.has(manifestDigest));
  if (stored) return stored.manifestDigest;
  const [found] = await findInstances(engine, entry, options);
  if (found) return found.descriptor.digest;
  throw new DhowError(`finding instance for ${JSON.stringify(entry)}: image not known`, { kind: "not-found" });
}

/** The artifact that has a file of that name. */
function findFile({ blobs }: Pick<Engine, "blobs">, entries: readonly Descriptor[], name: string): Digest | undefined {
  const base = name.slice(name.lastIndexOf("/") + 1);
  return entries.find((entry) => artifactFiles({ blobs }, entry).includes(base))?.digest;
}

/** Names of the files that an artifact which is stored here consists of. */
export function artifactFiles({ blobs }: Pick<Engine, "blobs">, { digest, artifactType }: Descriptor): string[] {
  if (artifactType === undefined || blobs.findSize(digest) === undefined) return [];
  const parsed = parseManifest(blobs.read(digest));
  if (parsed.kind !== "manifest") return [];
  return parsed.manifest.layers.flatMap(({ annotations }) => annotations?.[titleAnnotation] ?? []);
}

/**
 * Changes annotations and the subject of a list itself.
 * @throws {DhowError} `not-found`.
 */
export async function annotateIndex(
  engine: ListEngine,
  list: string,
  change: { readonly annotations: Readonly<Record<string, string>>; readonly subject: string | undefined },
  options: FindOptions,
): Promise<ManifestListRecord> {
  const record = engine.manifestLists.get(list);
  const subject = change.subject === undefined ? undefined : await subjectOf(engine, change.subject, options);
  engine.manifestLists.update(record.id, (content) =>
    changeIndex(content, { annotations: change.annotations, subject }),
  );
  return record;
}

/** What an image is called by those that refer to it: without its platform. */
export async function subjectOf(engine: ListEngine, name: string, options: FindOptions): Promise<Descriptor> {
  const [found] = await findInstances(engine, name, { ...options, all: false });
  if (!found) throw new DhowError(`${name}: image not known`, { kind: "not-found" });
  const { mediaType, digest, size, artifactType } = found.descriptor;
  return { mediaType, digest, size, ...(artifactType === undefined ? {} : { artifactType }) };
}
