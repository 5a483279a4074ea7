import { readFileSync, rmSync } from "node:fs";
import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import type { ImageConfig, Platform } from "../oci/image.ts";
import { manifestSizeLimit, parseImageConfig } from "../oci/manifest.ts";
import { formatPlatform, hostPlatform, matchesPlatform } from "../oci/platform.ts";
import { formatReference, parseReference, type Reference, repositoryName, withDefaultTag } from "../oci/reference.ts";
import { resolveName } from "../registry/pull-sources.ts";
import { loadRegistriesConfig, type RegistriesConfig } from "../registry/registries-conf.ts";
import { chainIds } from "../storage/chain-id.ts";
import type { ImageRecord } from "../storage/images.ts";
import { removeAbandoned } from "../storage/temporary.ts";
import { addLayer } from "./add-layer.ts";
import { startDownloads } from "./layer-downloads.ts";
import { connectTo, describeCauses, type OpenSource, openSource, type RegistryOptions } from "./pull-source.ts";
import { recordImageEvent } from "./record-event.ts";
import { collectImageGarbage } from "./remove.ts";

export interface PullOptions extends RegistryOptions {
  /** Undefined: this machine's. */
  readonly platform?: Platform | undefined;
  readonly onEvent?: ((event: PullEvent) => void) | undefined;
}

/** What happens during a pull, for whoever shows it. */
export type PullEvent =
  /** How a short name was resolved, as a sentence. */
  | { readonly type: "resolved"; readonly text: string }
  | { readonly type: "trying"; readonly name: string }
  | { readonly type: "layers"; readonly layers: readonly PulledLayer[] }
  | { readonly type: "progress"; readonly digest: Digest; readonly receivedBytes: number }
  /** Downloaded and unpacked. */
  | { readonly type: "layer"; readonly digest: Digest }
  | { readonly type: "config"; readonly digest: Digest }
  | { readonly type: "manifest" };

export interface PulledLayer {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Nothing has to be downloaded. */
  readonly isPresent: boolean;
}

const dockerTransport = "docker://";

/**
 * Pulls an image by name. Layers that are stored already are not downloaded; a second pull of the same image at the same time
 * waits for the first. Success means that the image is stored durably, verified, and has the name. Whatever ends a pull early
 * leaves nothing but temporary files, which are collected as garbage.
 * @throws {DhowError} `not-found`, `permission-denied`, `unavailable`, `corrupt`, `unsupported`, `invalid-argument`.
 */
export async function pullImage(engine: Engine, name: string, options: PullOptions): Promise<ImageRecord> {
  const config = loadRegistriesConfig();
  const { candidates, description } = resolve(engine, config, name);
  if (description !== undefined) options.onEvent?.({ type: "resolved", text: description });
  const failures: DhowError[] = [];
  for (const candidate of candidates) {
    try {
      const image = await pullReference(engine, config, withDefaultTag(candidate), options);
      recordImageEvent(engine, image, "pull", name);
      return image;
    } catch (error) {
      if (!(error instanceof DhowError)) throw error;
      failures.push(error);
    }
  }
  const failure = summarize(failures);
  engine.events.append({ type: "image", status: "pull-error", id: "", name, error: describeCauses(failure) });
  throw failure;
}

/** Pulls every tag of a repository. */
export async function pullAllTags(engine: Engine, name: string, options: PullOptions): Promise<ImageRecord[]> {
  const config = loadRegistriesConfig();
  const [reference] = resolve(engine, config, name).candidates;
  if (reference === undefined || reference.tag !== undefined || reference.digest !== undefined) {
    throw new DhowError("tag can't be used with --all-tags/-a", { kind: "invalid-argument" });
  }
  const client = await connectTo(config, reference, options);
  const tags = await client.listTags(reference).finally(() => client.close());
  const images: ImageRecord[] = [];
  for (const tag of tags) images.push(await pullReference(engine, config, { ...reference, tag }, options));
  return images;
}

/**
 * The digest that a name stands for in its registry now; of the index, if there is one.
 * @throws {DhowError} As {@link pullImage}.
 */
export async function findRemoteDigest(
  engine: Engine,
  name: string,
  options: PullOptions,
): Promise<Digest | undefined> {
  const config = loadRegistriesConfig();
  const [candidate] = resolve(engine, config, name).candidates;
  if (candidate === undefined) return undefined;
  const reference = withDefaultTag(candidate);
  const client = await connectTo(config, reference, options);
  return client.findDigest(reference).finally(() => client.close());
}

function resolve(engine: Engine, config: RegistriesConfig, name: string) {
  if (name.startsWith(dockerTransport)) {
    return { candidates: [parseReference(name.slice(dockerTransport.length))], description: undefined };
  }
  const resolved = resolveName(config, name);
  // A short name means the image that it meant when it was pulled, whatever is configured now.
  const known = engine.images.findName(name);
  if (known === undefined || known.startsWith("localhost/")) return resolved;
  return { candidates: [parseReference(known)], description: undefined };
}

async function pullReference(
  engine: Engine,
  config: RegistriesConfig,
  wanted: Reference,
  options: PullOptions,
): Promise<ImageRecord> {
  const platform = options.platform ?? hostPlatform();
  // Where both are given the digest alone counts, as with Docker and Podman.
  const reference = wanted.digest === undefined ? wanted : { ...wanted, tag: undefined };
  options.onEvent?.({ type: "trying", name: formatReference(reference) });
  const source = await openSource(config, reference, { ...options, platform });
  try {
    return await engine.locks.withLock(`pull:${source.manifestDigest}`, () =>
      store(engine, source, { reference, platform, options }),
    );
  } finally {
    await source.client.close();
  }
}

interface Wanted {
  readonly reference: Reference;
  readonly platform: Platform;
  readonly options: PullOptions;
}

async function store(
  engine: Engine,
  source: OpenSource,
  { reference, platform, options }: Wanted,
): Promise<ImageRecord> {
  const { manifest, manifestBytes, index, client } = source;
  // What a killed pull has left may be what fills the disk.
  removeAbandoned(engine.paths.data);
  engine.leases.take([manifest.config.digest]);
  const imageConfig = await fetchConfig(engine, source);
  const warnings = await storeLayers(engine, source, imageConfig, options);
  if (!matchesPlatform(imageConfig, platform)) {
    const [have, want] = [imageConfig, platform].map(formatPlatform);
    warnings.push(`image platform (${have}) does not match the expected platform (${want})`);
  }
  options.onEvent?.({ type: "config", digest: manifest.config.digest });
  const manifestDigest = engine.blobs.put(manifestBytes);
  const indexDigest = index && engine.blobs.put(index.bytes);
  options.onEvent?.({ type: "manifest" });
  // Not earlier: they would get between the lines of a display that moves.
  for (const warning of warnings) engine.warn(warning);
  await client.close();
  const repository = repositoryName(reference);
  const image = engine.images.add({
    manifestDigest,
    indexDigest,
    names: reference.tag === undefined ? [] : [formatReference(reference)],
    repoDigests: [manifestDigest, indexDigest]
      .filter((digest) => digest !== undefined)
      .map((digest) => `${repository}@${digest}`),
  });
  // Only now: what an earlier pull that was cut off has unpacked may have been of use to this one.
  collectImageGarbage(engine);
  return image;
}

async function fetchConfig({ blobs }: Engine, { client, reference, manifest }: OpenSource): Promise<ImageConfig> {
  const { config, layers } = manifest;
  if (config.size > manifestSizeLimit) {
    throw new DhowError(`invalid image config: it is larger than ${manifestSizeLimit >> 20} MiB`, { kind: "corrupt" });
  }
  if (blobs.findSize(config.digest) === undefined) {
    const path = blobs.partialPath(config.digest);
    try {
      await client.fetchBlob(reference, config, { path });
      // Checked before it is stored: an invalid config is of no use to anybody.
      parseImageConfig(readFileSync(path), layers.length);
      blobs.adopt(path, config.digest);
    } finally {
      rmSync(path, { force: true });
    }
  }
  return parseImageConfig(blobs.read(config.digest), layers.length);
}

/** @returns What could not be unpacked as it is. */
async function storeLayers(
  engine: Engine,
  source: OpenSource,
  { rootfs }: ImageConfig,
  { onEvent }: PullOptions,
): Promise<string[]> {
  const warnings: string[] = [];
  const chain = chainIds(rootfs.diff_ids);
  // From here on garbage collection leaves alone what is found to be there. The lease ends with this process.
  engine.layers.reserve(chain);
  const layers = source.manifest.layers.map((descriptor, position) => ({
    descriptor,
    chainId: chain[position] as Digest,
    parent: chain[position - 1],
    diffId: rootfs.diff_ids[position] as Digest,
    isPresent: engine.layers.find(chain[position] as Digest) !== undefined,
  }));
  onEvent?.({
    type: "layers",
    layers: layers.map(({ descriptor, isPresent }) => ({
      digest: descriptor.digest,
      sizeBytes: descriptor.size,
      isPresent,
    })),
  });
  const missing = layers.filter(({ isPresent }) => !isPresent);
  const downloads = startDownloads(
    {
      ...source,
      blobs: engine.blobs,
      onProgress: (digest, receivedBytes) => onEvent?.({ type: "progress", digest, receivedBytes }),
    },
    missing.map(({ descriptor }) => descriptor),
  );
  try {
    // Each needs the one below; the next ones are being downloaded meanwhile.
    for (const { descriptor, ...layer } of missing) {
      const { source: blob, complete } = downloads.get(descriptor);
      await addLayer(engine, layer, blob, { complete, onWarning: (warning) => warnings.push(warning) });
      downloads.release(descriptor);
      onEvent?.({ type: "layer", digest: descriptor.digest });
    }
    return warnings;
  } finally {
    await downloads.stop();
  }
}

function summarize(failures: readonly DhowError[]): DhowError {
  const [first, ...others] = failures;
  if (first && others.length === 0) return first;
  return new DhowError(
    `${failures.length} errors occurred while pulling:\n${failures.map((failure) => ` * ${describeCauses(failure)}`).join("\n")}`,
    { kind: failures.at(-1)?.kind ?? "not-found" },
  );
}
