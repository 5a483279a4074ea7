import { readFileSync, rmSync } from "node:fs";
import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { Descriptor, ImageConfig, Platform } from "../oci/image.ts";
import { manifestSizeLimit, parseImageConfig } from "../oci/manifest.ts";
import { formatPlatform, matchesPlatform } from "../oci/platform.ts";
import type { ImageRecord } from "../storage/images.ts";
import { removeAbandoned } from "../storage/temporary.ts";
import type { CopyEvent } from "./copy-event.ts";
import { addLayers, imageLayers } from "./image-layers.ts";
import { startFetches } from "./layer-blobs.ts";
import { collectImageGarbage } from "./remove.ts";
import type { SourceImage } from "./source-image.ts";

export interface StoreOptions {
  /** Qualified names with a tag. */
  readonly names: readonly string[];
  /** The repositories that it came from under its digest. */
  readonly repositories?: readonly string[];
  /** What the user asked for: another one is stored with a warning. */
  readonly expectedPlatform?: Platform;
  readonly onEvent?: ((event: CopyEvent) => void) | undefined;
}

/**
 * Copies an image into the store. Blobs and layers that are stored already are not fetched; whoever stores the same image at the
 * same time waits for the first. Success means that the image is stored durably, verified, and has the names. Whatever ends
 * it early leaves nothing but temporary files, which are collected as garbage.
 * @throws {DhowError} `corrupt`, `unsupported`, `unavailable`, and what fetching fails with.
 */
export async function storeImage(engine: Engine, image: SourceImage, options: StoreOptions): Promise<ImageRecord> {
  const record = await engine.locks.withLock(`pull:${image.manifestDigest}`, () => store(engine, image, options));
  // Only now: what an earlier copy that was cut off has unpacked may have been of use to this one.
  collectImageGarbage(engine);
  return record;
}

async function store(engine: Engine, image: SourceImage, options: StoreOptions): Promise<ImageRecord> {
  const { names, repositories = [], expectedPlatform, onEvent } = options;
  const { manifest, manifestBytes, index } = image;
  // What a killed pull has left may be what fills the disk.
  removeAbandoned(engine.paths.data);
  engine.leases.take([manifest.config.digest]);
  const { config, configBytes } = await fetchConfig(engine, image);
  const warnings = await storeLayers(engine, image, { config, onEvent });
  if (expectedPlatform !== undefined && !matchesPlatform(config, expectedPlatform)) {
    const [have, want] = [config, expectedPlatform].map(formatPlatform);
    warnings.push(`image platform (${have}) does not match the expected platform (${want})`);
  }
  onEvent?.({ type: "config", digest: manifest.config.digest });
  engine.blobs.put(configBytes);
  const manifestDigest = engine.blobs.put(manifestBytes);
  const indexDigest = index && engine.blobs.put(index.bytes);
  onEvent?.({ type: "manifest" });
  // Not earlier: they would get between the lines of a display that moves.
  for (const warning of warnings) engine.warn(warning);
  const digests = [manifestDigest, indexDigest].filter((digest) => digest !== undefined);
  return engine.images.add({
    manifestDigest,
    indexDigest,
    names,
    repoDigests: repositories.flatMap((repository) => digests.map((digest) => `${repository}@${digest}`)),
  });
}

/** Stores nothing yet: a config whose layers cannot be had is of no use to anybody. */
async function fetchConfig(
  { blobs }: Engine,
  image: SourceImage,
): Promise<{ config: ImageConfig; configBytes: Uint8Array }> {
  const { config: descriptor, layers } = image.manifest;
  if (descriptor.size > manifestSizeLimit) {
    throw new DhowError(`invalid image config: it is larger than ${manifestSizeLimit >> 20} MiB`, { kind: "corrupt" });
  }
  const stored = blobs.findSize(descriptor.digest) !== undefined;
  const configBytes = stored ? blobs.read(descriptor.digest) : await fetchBytes(blobs, image, descriptor);
  return { config: parseImageConfig(configBytes, layers.length), configBytes };
}

async function fetchBytes(blobs: Engine["blobs"], image: SourceImage, descriptor: Descriptor): Promise<Buffer> {
  const path = blobs.partialPath(descriptor.digest);
  try {
    await image.fetchBlob(descriptor, { path });
    return readFileSync(path);
  } finally {
    rmSync(path, { force: true });
  }
}

/** @returns What could not be unpacked as it is. */
async function storeLayers(
  engine: Engine,
  image: SourceImage,
  { config, onEvent }: { readonly config: ImageConfig; readonly onEvent: StoreOptions["onEvent"] },
): Promise<string[]> {
  const warnings: string[] = [];
  const layers = imageLayers(image.manifest, config);
  // From here on garbage collection leaves alone what is found to be there. The leases end with this process.
  engine.layers.reserve(layers.map(({ chainId }) => chainId));
  engine.leases.take(layers.map(({ descriptor }) => descriptor.digest));
  // A layer that another image has in another compression is unpacked already, but its blob is needed for pushing it on.
  const missing = layers.filter(
    ({ chainId, descriptor: { digest, size } }) =>
      engine.layers.find(chainId) === undefined || engine.blobs.findSize(digest) !== size,
  );
  onEvent?.({
    type: "layers",
    layers: layers.map((layer) => ({
      digest: layer.descriptor.digest,
      sizeBytes: layer.descriptor.size,
      isPresent: !missing.includes(layer),
    })),
  });
  const fetches = startFetches(
    {
      image,
      blobs: engine.blobs,
      onProgress: (digest, copiedBytes) => onEvent?.({ type: "progress", digest, copiedBytes }),
    },
    missing.map(({ descriptor }) => descriptor),
  );
  try {
    await addLayers(engine, missing, {
      open: fetches.get,
      onAdded(descriptor) {
        fetches.release(descriptor);
        onEvent?.({ type: "layer", digest: descriptor.digest });
      },
      onWarning: (warning) => warnings.push(warning),
    });
    return warnings;
  } finally {
    await fetches.stop();
  }
}
