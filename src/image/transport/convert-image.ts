import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import { convertManifest, formatOfManifest, layerMediaType, type ManifestFormat } from "../../oci/convert-manifest.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor, Manifest } from "../../oci/image.ts";
import { findLayerCompression } from "../../oci/media-types.ts";
import { sha256 } from "../../storage/hash.ts";
import { createArchiveSink } from "../../storage/pack/archive-sink.ts";
import type { CompressionChoice } from "../../storage/pack/compress-chunks.ts";
import { newTemporaryPath } from "../../storage/temporary.ts";
import { decompress } from "../../storage/unpack/decompress.ts";
import { readSource } from "../../storage/unpack/growing-file.ts";
import type { SourceImage } from "../source-image.ts";

/** How an image is to be at its destination. */
export interface Conversion {
  /** Undefined: as it is. */
  readonly format?: ManifestFormat | undefined;
  /** What layers become that are not compressed; undefined: they stay so. */
  readonly compressPlain?: CompressionChoice | undefined;
  /** What all layers become that are compressed otherwise; undefined: they stay as they are. */
  readonly compressAll?: CompressionChoice | undefined;
  /** Layers to be left as they are, since the destination has them like that. */
  keep?(layer: Descriptor): boolean;
}

/** An image that was made of another one. Its temporary files go when it is disposed of. */
export type ConvertedImage = SourceImage & Disposable;

/**
 * The image in another format or compression. Only the manifest is written anew, and layers that have to be compressed again;
 * the config, and with it the image's id, stays. An image that is as wanted keeps its manifest byte for byte.
 * @throws {DhowError} `unsupported` if the format does not know the compression; `unavailable` if the disk is full.
 */
export async function convertImage(
  engine: Pick<Engine, "paths">,
  image: SourceImage,
  conversion: Conversion,
): Promise<ConvertedImage> {
  const format = conversion.format ?? formatFor(image.manifest, conversion);
  const files = new Map<Digest, string>();
  const dispose = () => {
    for (const path of files.values()) rmSync(path, { force: true });
  };
  try {
    const layers: Descriptor[] = [];
    for (const layer of image.manifest.layers) {
      const choice = choose(layer, conversion, format);
      if (choice === undefined) {
        layers.push(layer);
        continue;
      }
      const path = newTemporaryPath(engine.paths.data);
      const { digest, size } = await recompress(await requireFile(image, layer, path), path, choice);
      files.set(digest, path);
      layers.push({ mediaType: layerMediaType(formatOfManifest(image.manifest), choice.compression), digest, size });
    }
    const manifest = convertManifest(files.size === 0 ? image.manifest : { ...image.manifest, layers }, format);
    return { ...withManifest(image, manifest, files), [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** Docker's format has no zstd: who asks for that gets the other one. */
function formatFor(manifest: Manifest, { compressAll, compressPlain }: Conversion): ManifestFormat {
  const isZstd = compressAll?.compression === "zstd" || compressPlain?.compression === "zstd";
  return isZstd ? "oci" : formatOfManifest(manifest);
}

/** What a layer has to be compressed with again; undefined if it stays. */
function choose(
  layer: Descriptor,
  { compressAll, compressPlain, keep }: Conversion,
  format: ManifestFormat,
): CompressionChoice | undefined {
  const compression = findLayerCompression(layer.mediaType) ?? "none";
  // Foreign layers are nobody's to change.
  if (layer.urls !== undefined && layer.urls.length > 0) return undefined;
  const mustChange = format === "docker" && compression === "zstd";
  if (!mustChange && keep?.(layer)) return undefined;
  const wanted = compressAll ?? (compression === "none" ? compressPlain : undefined);
  if (wanted !== undefined && wanted.compression !== compression) return wanted;
  return mustChange ? { compression: "gzip" } : undefined;
}

async function requireFile(image: SourceImage, layer: Descriptor, place: string): Promise<string> {
  const file = image.findBlobFile(layer);
  if (file !== undefined) return file;
  // Fails with the reason.
  await image.fetchBlob(layer, { path: place });
  return place;
}

async function recompress(
  source: string,
  target: string,
  choice: CompressionChoice,
): Promise<{ digest: Digest; size: number }> {
  const file = openSync(target, "wx", 0o600);
  try {
    const sink = createArchiveSink(choice, (bytes) => writeAll(file, bytes));
    for await (const chunk of decompress(readSource({ path: source }))) await sink.push(chunk);
    const { blobDigest, blobSize } = await sink.finish();
    return { digest: blobDigest, size: blobSize };
  } catch (error) {
    rmSync(target, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

function writeAll(file: number, bytes: Buffer): void {
  try {
    for (let offset = 0; offset < bytes.length; ) offset += writeSync(file, bytes, offset);
  } catch (cause) {
    throw new DhowError("cannot compress a layer", { kind: "unavailable", cause });
  }
}

function withManifest(image: SourceImage, manifest: Manifest, files: ReadonlyMap<Digest, string>): SourceImage {
  const findBlobFile = (descriptor: Descriptor) => files.get(descriptor.digest) ?? image.findBlobFile(descriptor);
  if (manifest === image.manifest) return { ...image, findBlobFile };
  const manifestBytes = Buffer.from(JSON.stringify(manifest));
  return { ...image, index: undefined, manifest, manifestBytes, manifestDigest: sha256(manifestBytes), findBlobFile };
}
