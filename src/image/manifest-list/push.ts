import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import type { Digest } from "../../oci/digest.ts";
import { type Descriptor, type Index, mediaTypes } from "../../oci/image.ts";
import { parseManifest } from "../../oci/manifest.ts";
import { isImageConfigType } from "../../oci/media-types.ts";
import {
  formatReference,
  parseReference,
  type Reference,
  repositoryName,
  withDefaultTag,
} from "../../oci/reference.ts";
import type { RegistryClient } from "../../registry/client.ts";
import { loadRegistriesConfig, type RegistriesConfig } from "../../registry/registries-conf.ts";
import { sha256 } from "../../storage/hash.ts";
import type { ManifestListRecord } from "../../storage/manifest-lists.ts";
import type { CopyEvent } from "../copy-event.ts";
import type { PushOptions } from "../push.ts";
import { recordImageEvent } from "../record-event.ts";
import { connectForPush, connectTo } from "../registry-image.ts";
import type { SourceImage } from "../source-image.ts";
import { repositoriesOfBlobs } from "../transport/blob-repositories.ts";
import { type Conversion, convertImage } from "../transport/convert-image.ts";
import { parseLocation } from "../transport/location.ts";
import { writeToRegistry } from "../transport/registry-sink.ts";
import { storedManifest } from "../transport/stored-image.ts";
import { serializeIndex } from "./content.ts";

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
 * Pushes a manifest list to a registry: the images first, wherever they lie, then the list, so that nobody sees one that is not
 * complete. What the registry has is not sent.
 * @throws {DhowError} `not-found`; `unsupported` for other places than registries; as `writeToRegistry`.
 */
export async function pushList(
  engine: PushEngine,
  name: string,
  destination: string | undefined,
  options: PushListOptions,
): Promise<PushedList> {
  const list = engine.manifestLists.get(name);
  const reference = readDestination(destination ?? list.names[0] ?? name);
  const config = loadRegistriesConfig();
  const client = await connectForPush(config, reference, options);
  try {
    const entries = options.all ? await pushEntries({ engine, list, config, client, reference, options }) : undefined;
    const index: Index = { ...list.index, manifests: entries ?? list.index.manifests };
    const { bytes, mediaType } = serializeIndex(index, options.format);
    await client.putManifest(reference, { bytes, mediaType });
    recordImageEvent(engine, list, "push", formatReference(reference));
    return {
      destination: formatReference(reference),
      digest: sha256(bytes),
      sizeBytes: bytes.length,
      tag: reference.tag,
    };
  } finally {
    await client.close();
  }
}

function readDestination(text: string): Reference {
  const location = parseLocation(text);
  if (location === undefined) return withDefaultTag(parseReference(text));
  if (location.transport === "docker") return withDefaultTag(location.reference);
  throw new DhowError(`cannot push a manifest list to ${text}`, {
    kind: "unsupported",
    hint: "it can be pushed to registries; 'dhow push' copies a single image to a file or a folder",
  });
}

interface ListPush {
  readonly engine: PushEngine;
  readonly list: ManifestListRecord;
  readonly config: RegistriesConfig;
  readonly client: RegistryClient;
  readonly reference: Reference;
  readonly options: PushListOptions;
}

/** @returns The entries of the list as it is in the registry. */
async function pushEntries(push: ListPush): Promise<Descriptor[]> {
  const { compression, format, forceCompression, level, addCompression } = push.options;
  const entries: Descriptor[] = [];
  for (const entry of push.list.index.manifests) {
    const source = await openEntry(push, entry);
    try {
      const asItIs = { format, ...(compression && forceCompression ? { compressAll: compression } : {}) };
      const compressPlain = compression ?? { compression: "gzip", level };
      entries.push(await pushEntry(push, { entry, source, conversion: { ...asItIs, compressPlain } }));
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

async function openEntry({ engine, list, config, options }: ListPush, { digest }: Descriptor): Promise<EntrySource> {
  const origin = list.origins[digest];
  if (origin === undefined) return { ...storedManifest(engine, digest), [Symbol.asyncDispose]: async () => {} };
  const reference = parseReference(origin);
  const client = await connectTo(config, reference, { ...options, credentials: undefined });
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
  { engine, list, client, reference, options }: ListPush,
  { entry, source, conversion }: EntryPush,
): Promise<Descriptor> {
  const display = options.watch?.(entry.digest);
  const findElsewhere = repositoriesOfBlobs(engine, reference);
  const origin = originRepository(list, entry, reference);
  try {
    // Whatever is no image is pushed as it is.
    const isImage = isImageConfigType(source.manifest.config.mediaType);
    using image = isImage
      ? await convertImage(engine, source, conversion)
      : { ...source, [Symbol.dispose]: () => undefined };
    const { tag: _, ...repository } = reference;
    const { digest, sizeBytes } = await writeToRegistry(engine, image, {
      client,
      reference: { ...repository, tag: undefined, digest: undefined },
      findRepository: (blob) => origin ?? findElsewhere(blob),
      mayChangeFormat: false,
      onEvent: display?.onEvent,
    });
    return { ...entry, mediaType: image.manifest.mediaType ?? mediaTypes.ociManifest, digest, size: sizeBytes };
  } finally {
    display?.end();
  }
}

/** The repository of the same registry that an image comes from: blobs need not be sent from one to the other. */
function originRepository(
  { origins }: ManifestListRecord,
  { digest }: Descriptor,
  { registry }: Reference,
): string | undefined {
  const origin = origins[digest];
  if (!origin?.startsWith(`${registry}/`)) return undefined;
  return repositoryName(parseReference(origin)).slice(registry.length + 1);
}
