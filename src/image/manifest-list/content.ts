import { DhowError } from "../../errors.ts";
import { type Digest, parseDigest } from "../../oci/digest.ts";
import { type Descriptor, type Index, type Manifest, mediaTypes, type Platform } from "../../oci/image.ts";
import type { ManifestListContent } from "../../storage/manifest-lists.ts";
import type { RegistryOptions } from "../registry-image.ts";

/** An image, or an artifact, that can become an entry of a list. */
export interface Instance {
  readonly descriptor: Descriptor;
  /** `repository@digest` in the registry where it lies; undefined if it is stored here. */
  readonly origin: string | undefined;
  /** What has to be kept for an instance that is stored here. */
  readonly blobs: readonly Digest[];
}

export interface FindOptions {
  /** Where a name stands for several images: all of them, instead of the platform's. */
  readonly all: boolean;
  /** Undefined: this machine's. */
  readonly platform: Platform | undefined;
  readonly registry: RegistryOptions;
}

/** What an image is made of. */
export function blobsOf(manifestDigest: Digest, { config, layers }: Manifest): Digest[] {
  return [manifestDigest, config.digest, ...layers.map(({ digest }) => digest)];
}

/** What `annotate` and the flags of `add` change of one entry. Undefined and empty: left as it is. */
export interface EntryChange {
  readonly os?: string | undefined;
  readonly architecture?: string | undefined;
  readonly variant?: string | undefined;
  readonly osVersion?: string | undefined;
  readonly osFeatures?: readonly string[];
  readonly features?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Adds entries; one with the same digest is replaced. */
export function addInstances(content: ManifestListContent, instances: readonly Instance[]): ManifestListContent {
  const added = new Set<string>(instances.map(({ descriptor }) => descriptor.digest));
  const kept = content.index.manifests.filter(({ digest }) => !added.has(digest));
  const origins = { ...content.origins };
  for (const { descriptor, origin } of instances) {
    if (origin === undefined) delete origins[descriptor.digest];
    else origins[descriptor.digest] = origin;
  }
  const manifests = [...kept, ...instances.map(({ descriptor }) => descriptor)];
  return { index: { ...content.index, manifests }, origins };
}

/** @throws {DhowError} `not-found` if the list has no such entry. */
export function removeInstance(content: ManifestListContent, digest: Digest): ManifestListContent {
  requireEntry(content, digest);
  const { [digest]: _, ...origins } = content.origins;
  const manifests = content.index.manifests.filter((entry) => entry.digest !== digest);
  return { index: { ...content.index, manifests }, origins };
}

/** @throws {DhowError} `not-found` if the list has no such entry. */
export function changeEntry(content: ManifestListContent, digest: Digest, change: EntryChange): ManifestListContent {
  requireEntry(content, digest);
  const manifests = content.index.manifests.map((entry) => (entry.digest === digest ? changed(entry, change) : entry));
  return { ...content, index: { ...content.index, manifests } };
}

/** Changes annotations and subject of the list itself. */
export function changeIndex(
  content: ManifestListContent,
  { annotations = {}, subject }: { annotations?: Readonly<Record<string, string>>; subject?: Descriptor | undefined },
): ManifestListContent {
  const { index } = content;
  const all = { ...index.annotations, ...annotations };
  return {
    ...content,
    index: {
      ...index,
      ...(Object.keys(all).length > 0 ? { annotations: all } : {}),
      ...(subject === undefined ? {} : { subject }),
    },
  };
}

export type IndexFormat = "oci" | "docker";

/**
 * The kind that a list is written as: OCI's if it holds what only that can say, Docker's if it holds what only that can
 * say or nothing at all; else OCI's.
 */
export function preferredFormat({ manifests, annotations, subject, artifactType }: Index): IndexFormat {
  const onlyOci = manifests.some((entry) => entry.annotations || entry.urls || entry.artifactType);
  if (onlyOci || annotations || subject || artifactType) return "oci";
  return manifests.length === 0 || manifests.some(({ platform }) => platform?.features) ? "docker" : "oci";
}

/** The bytes of the list as a registry gets them. */
export function serializeIndex(index: Index, format = preferredFormat(index)): { bytes: Buffer; mediaType: string } {
  const mediaType = format === "oci" ? mediaTypes.ociIndex : mediaTypes.dockerManifestList;
  const entries = index.manifests.map(format === "oci" ? ociEntry : dockerEntry);
  const { subject, annotations, artifactType } = index;
  const document = {
    schemaVersion: 2,
    mediaType,
    ...(format === "oci" && artifactType ? { artifactType } : {}),
    manifests: entries,
    ...(format === "oci" && subject ? { subject } : {}),
    ...(format === "oci" && annotations ? { annotations } : {}),
  };
  return { bytes: Buffer.from(JSON.stringify(document)), mediaType };
}

function ociEntry(entry: Descriptor): Descriptor {
  if (!entry.platform) return entry;
  const { features: _, ...platform } = entry.platform;
  return { ...entry, platform };
}

function dockerEntry({ mediaType, size, digest, urls, platform }: Descriptor): object {
  return { mediaType, size, digest, ...(urls ? { urls } : {}), platform: platform ?? { architecture: "", os: "" } };
}

function requireEntry({ index }: ManifestListContent, digest: Digest): void {
  if (index.manifests.some((entry) => entry.digest === digest)) return;
  throw new DhowError(`no instance with digest ${digest} in the manifest list`, { kind: "not-found" });
}

function changed(entry: Descriptor, change: EntryChange): Descriptor {
  const platform = changedPlatform(entry.platform, change);
  const annotations = { ...entry.annotations, ...change.annotations };
  return {
    ...entry,
    ...(platform === undefined ? {} : { platform }),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
  };
}

function changedPlatform(platform: Platform | undefined, change: EntryChange): Platform | undefined {
  const { os, architecture, variant, osVersion, osFeatures = [], features = [] } = change;
  const given = {
    ...(os ? { os } : {}),
    ...(architecture ? { architecture } : {}),
    ...(variant ? { variant } : {}),
    ...(osVersion ? { "os.version": osVersion } : {}),
    ...(osFeatures.length > 0 ? { "os.features": osFeatures } : {}),
    ...(features.length > 0 ? { features } : {}),
  };
  if (Object.keys(given).length === 0) return platform;
  const { variant: former, ...rest } = platform ?? { os: "", architecture: "" };
  // A variant belongs to its architecture.
  return { ...rest, ...(former === undefined || architecture ? {} : { variant: former }), ...given };
}

/** The digest that a text is, or undefined. */
export function digestOrUndefined(text: string): Digest | undefined {
  return text.startsWith("sha256:") ? parseDigest(text) : undefined;
}
