import { DhowError } from "../errors.ts";
import { type Descriptor, type Manifest, mediaTypes } from "./image.ts";
import { type Compression, dockerLayerTypes, findLayerCompression, ociLayerTypes } from "./media-types.ts";

/** The two kinds of manifests, which say the same in other words. */
export type ManifestFormat = "oci" | "docker";

/** Layers that may not be pushed elsewhere, in both formats. */
const foreignLayerTypes: Readonly<Record<ManifestFormat, Partial<Record<Compression, string>>>> = {
  oci: {
    none: "application/vnd.oci.image.layer.nondistributable.v1.tar",
    gzip: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    zstd: "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
  },
  docker: {
    none: "application/vnd.docker.image.rootfs.foreign.diff.tar",
    gzip: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
  },
};

/** The format of a manifest: Docker's always says so. */
export function formatOfManifest({ mediaType }: Manifest): ManifestFormat {
  return mediaType === mediaTypes.dockerManifest ? "docker" : "oci";
}

/** Whether the layers can be part of a manifest of that format: Docker's knows no zstd. */
export function fitsFormat({ layers }: Manifest, format: ManifestFormat): boolean {
  return format === "oci" || layers.every(({ mediaType }) => findLayerCompression(mediaType) !== "zstd");
}

/** The media type of a layer in that format and compression. */
export function layerMediaType(format: ManifestFormat, compression: Compression): string {
  return (format === "oci" ? ociLayerTypes : dockerLayerTypes)[compression];
}

/**
 * The same image in the other format: the config and the layers stay as they are, so that the image keeps its id. Annotations
 * do not survive the way to Docker's format, which has no place for them.
 * @throws {DhowError} `unsupported` for layers that the format does not know.
 */
export function convertManifest(manifest: Manifest, format: ManifestFormat): Manifest {
  if (formatOfManifest(manifest) === format) return manifest;
  const layers = manifest.layers.map((layer) => ({ ...plain(layer, format), mediaType: typeIn(format, layer) }));
  if (format === "oci") {
    const config = { ...manifest.config, mediaType: mediaTypes.ociConfig };
    return { ...manifest, schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers };
  }
  const config = { ...plain(manifest.config, format), mediaType: mediaTypes.dockerConfig };
  return { schemaVersion: 2, mediaType: mediaTypes.dockerManifest, config, layers };
}

function plain(descriptor: Descriptor, format: ManifestFormat): Descriptor {
  if (format === "oci") return descriptor;
  const { mediaType, digest, size, urls } = descriptor;
  return { mediaType, digest, size, ...(urls === undefined ? {} : { urls }) };
}

function typeIn(format: ManifestFormat, { mediaType }: Descriptor): string {
  const compression = findLayerCompression(mediaType) ?? "none";
  const isForeign = /foreign|nondistributable/.test(mediaType);
  const type = isForeign ? foreignLayerTypes[format][compression] : layerMediaType(format, compression);
  if (type !== undefined && (format === "oci" || compression !== "zstd")) return type;
  throw new DhowError(`cannot convert the manifest to Docker's format: it knows no ${compression} layers`, {
    kind: "unsupported",
    hint: "--compression-format gzip compresses them again",
  });
}
