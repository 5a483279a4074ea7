import type { Digest } from "../../oci/digest.ts";
import type { Descriptor, Manifest } from "../../oci/image.ts";
import { mediaTypes } from "../../oci/image.ts";
import { normalizeReference } from "../../oci/reference.ts";
import { type FileImage, fileImage } from "./file-image.ts";
import { damaged, getFile, type ImageFile, type ImageFiles, readFileJson } from "./image-files.ts";
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
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifest,
    config: await describeFile(mediaTypes.dockerConfig, config),
    layers: await Promise.all(layers.map((layer) => describeFile(layerType(layer), layer))),
  };
  const blobs = new Map<Digest, ImageFile>([[manifest.config.digest, config]]);
  for (const [position, layer] of layers.entries()) blobs.set((manifest.layers[position] as Descriptor).digest, layer);
  return fileImage({
    manifestBytes: Buffer.from(JSON.stringify(manifest)),
    names: (RepoTags ?? []).map(normalizeReference),
    blobs,
  });
}

async function describeFile(mediaType: string, file: ImageFile): Promise<Descriptor> {
  return { mediaType, digest: await file.findDigest(), size: file.sizeBytes };
}
