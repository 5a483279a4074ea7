import { mediaTypes } from "./image.ts";

/** How the bytes of a layer are packed. */
export type Compression = "none" | "gzip" | "zstd";

/** What a new layer is called in an OCI manifest. */
export const ociLayerTypes: Readonly<Record<Compression, string>> = {
  none: mediaTypes.ociLayer,
  gzip: mediaTypes.ociLayerGzip,
  zstd: mediaTypes.ociLayerZstd,
};

/** And in one of Docker's. */
export const dockerLayerTypes: Readonly<Record<Compression, string>> = {
  none: mediaTypes.dockerLayer,
  gzip: mediaTypes.dockerLayerGzip,
  zstd: mediaTypes.dockerLayerZstd,
};

const indexTypes: readonly string[] = [mediaTypes.ociIndex, mediaTypes.dockerManifestList];
const manifestTypes: readonly string[] = [mediaTypes.ociManifest, mediaTypes.dockerManifest];
const configTypes: readonly string[] = [mediaTypes.ociConfig, mediaTypes.dockerConfig];

/** What to accept when asking a registry for a manifest. */
export const acceptedManifestTypes = [...manifestTypes, ...indexTypes].join(", ");

/** Layer types by name. Those that may not be pushed elsewhere ("foreign") unpack like all others. */
const layerCompressions: Readonly<Record<string, Compression>> = {
  [mediaTypes.ociLayer]: "none",
  [mediaTypes.ociLayerGzip]: "gzip",
  [mediaTypes.ociLayerZstd]: "zstd",
  [mediaTypes.dockerLayer]: "none",
  [mediaTypes.dockerLayerGzip]: "gzip",
  [mediaTypes.dockerLayerZstd]: "zstd",
  "application/vnd.docker.image.rootfs.foreign.diff.tar": "none",
  "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip": "gzip",
  "application/vnd.oci.image.layer.nondistributable.v1.tar": "none",
  "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip": "gzip",
  "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd": "zstd",
};

export function isIndexType(mediaType: string): boolean {
  return indexTypes.includes(mediaType);
}

export function isManifestType(mediaType: string): boolean {
  return manifestTypes.includes(mediaType);
}

export function isImageConfigType(mediaType: string): boolean {
  return configTypes.includes(mediaType);
}

/** The compression that a layer's media type promises; undefined if it is not a file system layer. */
export function findLayerCompression(mediaType: string): Compression | undefined {
  return Object.hasOwn(layerCompressions, mediaType) ? layerCompressions[mediaType] : undefined;
}
