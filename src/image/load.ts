import type { Readable } from "node:stream";
import type { Engine } from "../engine.ts";
import { parseImageConfig, parseManifest, requireImage } from "../oci/manifest.ts";
import { normalizeReference } from "../oci/reference.ts";
import { chainIds } from "../storage/chain-id.ts";
import type { ImageRecord } from "../storage/images.ts";
import { newTemporaryPath, removeTree } from "../storage/temporary.ts";
import { addLayer } from "./add-layer.ts";
import { type ArchivedImage, findImages } from "./archive/find-images.ts";
import { unpackArchive } from "./archive/unpack-archive.ts";

export interface LoadedImage {
  readonly image: ImageRecord;
  /** The names that it got from the archive. */
  readonly names: readonly string[];
}

/**
 * Stores the images of an archive of `save` (docker-archive or oci-archive; plain, gzip or zstd).
 * Success means that all of them are stored with their names; after a failure, those in front of the broken one are.
 * @throws {DhowError} `invalid-argument` or `corrupt` for what is no image archive.
 */
export async function loadImages(engine: Engine, source: Readable): Promise<LoadedImage[]> {
  const folder = newTemporaryPath(engine.paths.data);
  try {
    const loaded: LoadedImage[] = [];
    for (const image of findImages(await unpackArchive(source, folder))) loaded.push(await store(engine, image));
    return loaded;
  } finally {
    removeTree(folder);
  }
}

async function store(engine: Engine, { manifest, blobs, names }: ArchivedImage): Promise<LoadedImage> {
  const parsed = parseManifest(manifest);
  if (parsed.kind !== "manifest") throw new TypeError("findImages() resolves indexes");
  requireImage(parsed.manifest);
  for (const { path, digest } of blobs) engine.blobs.adopt(path, digest);
  const manifestDigest = engine.blobs.put(manifest);
  const { rootfs } = parseImageConfig(engine.blobs.read(parsed.manifest.config.digest), parsed.manifest.layers.length);

  const chain = chainIds(rootfs.diff_ids);
  for (const [index, { digest }] of parsed.manifest.layers.entries()) {
    const [chainId, diffId] = [chain[index], rootfs.diff_ids[index]];
    if (chainId === undefined || diffId === undefined) throw new TypeError("the config names fewer layers");
    await addLayer(engine, { chainId, parent: chain[index - 1], diffId }, { path: engine.blobs.path(digest) });
  }
  const qualified = names.map(normalizeReference);
  return { image: engine.images.add({ manifestDigest, names: qualified, repoDigests: [] }), names: qualified };
}
