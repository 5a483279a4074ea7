import type { Digest } from "../../oci/digest.ts";
import type { Descriptor, Manifest } from "../../oci/image.ts";
import { mediaTypes } from "../../oci/image.ts";
import { parseImageConfig } from "../../oci/manifest.ts";
import { normalizeReference } from "../../oci/reference.ts";
import { type FileImage, fileImage } from "./file-image.ts";
import { damaged, getFile, type ImageFile, type ImageFiles, readFileBytes, readFileJson } from "./image-files.ts";
import { layerType } from "./layer-type.ts";

interface DockerEntry {
  readonly Config: string;
  readonly RepoTags?: readonly string[] | null;
  readonly Layers: readonly string[];
}

/**
 * The images of an archive of `docker save`: those that manifest.json lists. Docker writes short names for images of docker.io.
 * @throws {DhowError} `corrupt`, `invalid-argument` for names that are none.
 */
export async function readDockerArchive(files: ImageFiles): Promise<FileImage[]> {
  const entries = readFileJson(getFile(files, "manifest.json"), "manifest.json");
  if (!Array.isArray(entries) || !entries.every(isDockerEntry)) throw damaged("manifest.json is malformed");
  return Promise.all(entries.map((entry) => readEntry(files, entry)));
}

function isDockerEntry(value: unknown): value is DockerEntry {
  const { Config, RepoTags, Layers } = (value ?? {}) as Partial<Record<keyof DockerEntry, unknown>>;
  const isTexts = (list: unknown) => Array.isArray(list) && list.every((item) => typeof item === "string");
  return typeof Config === "string" && isTexts(Layers) && (RepoTags == null || isTexts(RepoTags));
}

async function readEntry(files: ImageFiles, { Config, RepoTags, Layers }: DockerEntry): Promise<FileImage> {
  const layers = Layers.map((name) => getFile(files, name));
  const config = getFile(files, Config);
  const diffIds = parseImageConfig(readFileBytes(config, Config)).rootfs.diff_ids;
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifest,
    config: await describeFile(mediaTypes.dockerConfig, config),
    layers: await Promise.all(layers.map((layer, position) => describeLayer(layer, diffIds[position]))),
  };
  const blobs = new Map<Digest, ImageFile>([[manifest.config.digest, config]]);
  for (const [position, layer] of layers.entries()) blobs.set((manifest.layers[position] as Descriptor).digest, layer);
  return fileImage({
    manifestBytes: Buffer.from(JSON.stringify(manifest)),
    names: (RepoTags ?? []).map(normalizeReference),
    blobs,
  });
}

/**
 * A layer without compression has the digest that the config names, which is checked when it is copied. Nobody needs to read it
 * before that, unless it has been read already.
 */
async function describeLayer(layer: ImageFile, diffId: Digest | undefined): Promise<Descriptor> {
  const mediaType = layerType(layer);
  if (layer.isOurs || mediaType !== mediaTypes.dockerLayer || diffId === undefined) {
    return describeFile(mediaType, layer);
  }
  return { mediaType, digest: diffId, size: layer.sizeBytes };
}

async function describeFile(mediaType: string, file: ImageFile): Promise<Descriptor> {
  return { mediaType, digest: await file.findDigest(), size: file.sizeBytes };
}
