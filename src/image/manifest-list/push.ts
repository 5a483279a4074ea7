import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import type { Digest } from "../../oci/digest.ts";
import { type Descriptor, type Index, mediaTypes } from "../../oci/image.ts";
import { parseManifest } from "../../oci/manifest.ts";
import { isImageConfigType } from "../../oci/media-types.ts";
import { parseReference, repositoryName, withDefaultTag } from "../../oci/reference.ts";
import { loadRegistriesConfig } from "../../registry/registries-conf.ts";
import { sha256 } from "../../storage/hash.ts";
import type { ManifestListRecord } from "../../storage/manifest-lists.ts";
import { loadPolicy } from "../../trust/policy-file.ts";
import type { CopyEvent } from "../copy-event.ts";
import type { PushOptions } from "../push.ts";
import { recordImageEvent } from "../record-event.ts";
import { connectTo } from "../registry-image.ts";
import type { SourceImage } from "../source-image.ts";
import { type Conversion, convertImage } from "../transport/convert-image.ts";
import { parseLocation } from "../transport/location.ts";
import { storedManifest } from "../transport/stored-image.ts";
import { serializeIndex } from "./content.ts";
import { type ListTarget, openFileTarget, openRegistryTarget } from "./push-target.ts";

export interface PushListOptions extends Omit<PushOptions, "compress" | "onEvent"> {
  /** Pushes the images that the list names, too; else they have to be there. */
  readonly all: boolean;
  /** Compressions in which each image is added once more, beside the image as it is. */
  readonly addCompression: readonly ("gzip" | "zstd")[];
  /** Shows how one image is copied. */
  watch?(digest: Digest): { onEvent(event: CopyEvent): void; end(): void };
}

export interface PushedList {
  readonly destination: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly tag: string | undefined;
}

type PushEngine = Pick<Engine, "images" | "manifestLists" | "blobs" | "leases" | "paths" | "events">;

/** What other tools know such an entry by. */
const compressionAnnotation = (compression: string) => `io.github.containers.compression.${compression}`;

/**
 * Pushes a manifest list to a registry, an archive or a folder: the images first, wherever they lie, then the list, so that nobody
 * sees one that is not complete. What the registry has is not sent.
 * @throws {DhowError} `not-found`; `unsupported` for places that hold no lists; as `writeToRegistry` and `openFileSink`.
 */
export async function pushList(
  engine: PushEngine,
  name: string,
  destination: string | undefined,
  options: PushListOptions,
): Promise<PushedList> {
  loadPolicy();
  const list = engine.manifestLists.get(name);
  await using target = await openTarget(engine, destination ?? list.names[0] ?? name, options);
  const entries = options.all ? await pushEntries({ engine, list, target, options }) : undefined;
  const index: Index = { ...list.index, manifests: entries ?? list.index.manifests };
  const { bytes, mediaType } = serializeIndex(index, target.format ?? options.format);
  const digest = sha256(bytes);
  await target.putIndex({ bytes, mediaType, digest });
  recordImageEvent(engine, list, "push", target.name);
  return { destination: target.name, digest, sizeBytes: bytes.length, tag: target.tag };
}

async function openTarget(engine: PushEngine, text: string, options: PushListOptions): Promise<ListTarget> {
  const location = parseLocation(text) ?? ({ transport: "docker", reference: parseReference(text) } as const);
  switch (location.transport) {
    case "docker":
      return openRegistryTarget(engine, withDefaultTag(location.reference), options);
    case "containers-storage":
      throw new DhowError(`cannot push a manifest list to ${text}: it is stored here`, {
        kind: "unsupported",
        hint: "'dhow tag' gives it another name",
      });
    default:
      return openFileTarget(engine, location, options);
  }
}

interface ListPush {
  readonly engine: PushEngine;
  readonly list: ManifestListRecord;
  readonly target: ListTarget;
  readonly options: PushListOptions;
}

/** @returns The entries of the list as it is at its destination. */
async function pushEntries(push: ListPush): Promise<Descriptor[]> {
  const { compression, forceCompression, level, addCompression } = push.options;
  const format = push.target.format ?? push.options.format;
  const { compressPlain } = push.target;
  const entries: Descriptor[] = [];
  for (const entry of push.list.index.manifests) {
    const source = await openEntry(push, entry);
    try {
      const compressAll = forceCompression ? compression : undefined;
      entries.push(await pushEntry(push, { entry, source, conversion: { format, compressAll, compressPlain } }));
      for (const added of addCompression) {
        const conversion = { format, compressAll: { compression: added, level } };
        const copy = await pushEntry(push, { entry, source, conversion });
        const annotations = { ...copy.annotations, [compressionAnnotation(added)]: "true" };
        if (entries.every(({ digest }) => digest !== copy.digest)) entries.push({ ...copy, annotations });
      }
    } finally {
      await source[Symbol.asyncDispose]();
    }
  }
  return entries;
}

type EntrySource = SourceImage & AsyncDisposable;

async function openEntry({ engine, list, options }: ListPush, { digest }: Descriptor): Promise<EntrySource> {
  const origin = list.origins[digest];
  if (origin === undefined) return { ...storedManifest(engine, digest), [Symbol.asyncDispose]: async () => {} };
  const reference = parseReference(origin);
  const client = await connectTo(loadRegistriesConfig(), reference, { ...options, credentials: undefined });
  try {
    const { bytes, contentType } = await client.fetchManifest(reference);
    const parsed = parseManifest(bytes, contentType);
    if (parsed.kind !== "manifest") throw nestedIndex(digest);
    return {
      manifest: parsed.manifest,
      manifestBytes: bytes,
      manifestDigest: digest,
      index: undefined,
      fetchBlob: (descriptor, target) => client.fetchBlob(reference, descriptor, target),
      findBlobFile: () => undefined,
      [Symbol.asyncDispose]: () => client.close(),
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}

function nestedIndex(digest: Digest): DhowError {
  return new DhowError(`cannot push ${digest}: a list within a list`, { kind: "unsupported" });
}

interface EntryPush {
  readonly entry: Descriptor;
  readonly source: SourceImage;
  readonly conversion: Conversion;
}

async function pushEntry(
  { engine, list, target, options }: ListPush,
  { entry, source, conversion }: EntryPush,
): Promise<Descriptor> {
  const display = options.watch?.(entry.digest);
  try {
    // Whatever is no image is pushed as it is.
    const isImage = isImageConfigType(source.manifest.config.mediaType);
    using image = isImage
      ? await convertImage(engine, source, conversion)
      : { ...source, [Symbol.dispose]: () => undefined };
    const origin = originRepository(list, entry, target);
    const { digest, sizeBytes } = await target.putImage(image, { origin, onEvent: display?.onEvent });
    return { ...entry, mediaType: image.manifest.mediaType ?? mediaTypes.ociManifest, digest, size: sizeBytes };
  } finally {
    display?.end();
  }
}

/** The repository of the same registry that an image comes from: blobs need not be sent from one to the other. */
function originRepository(
  { origins }: ManifestListRecord,
  { digest }: Descriptor,
  target: ListTarget,
): string | undefined {
  const origin = origins[digest];
  const registry = target.name.slice(0, target.name.indexOf("/"));
  if (target.tag === undefined || !origin?.startsWith(`${registry}/`)) return undefined;
  return repositoryName(parseReference(origin)).slice(registry.length + 1);
}
