import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { type Descriptor, type ImageConfig, type Manifest, mediaTypes } from "../oci/image.ts";
import { type Compression, dockerLayerTypes, findLayerCompression, ociLayerTypes } from "../oci/media-types.ts";
import { chainIds } from "../storage/chain-id.ts";
import type { ImageRecord } from "../storage/images.ts";
import { addLayer } from "./add-layer.ts";

export const imageFormats = ["oci", "docker"] as const;

/** In whose words manifest and config are written. */
export type ImageFormat = (typeof imageFormats)[number];

/** @throws {DhowError} `invalid-argument`. */
export function parseImageFormat(text: string): ImageFormat {
  const format = imageFormats.find((name) => name === text);
  if (format !== undefined) return format;
  throw new DhowError(`unrecognized image format ${JSON.stringify(text)}`, {
    kind: "invalid-argument",
    hint: `known are ${imageFormats.join(" and ")}`,
  });
}

/** A layer whose blob is stored. */
export interface ImageLayer {
  readonly diffId: Digest;
  readonly digest: Digest;
  /** Bytes of the blob. */
  readonly size: number;
  readonly compression: Compression;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Everything that an image consists of. */
export interface ImageDraft {
  readonly format: ImageFormat;
  /** Its list of layers is made from `layers`. */
  readonly config: Omit<ImageConfig, "rootfs">;
  /** All of them, base first. */
  readonly layers: readonly ImageLayer[];
  readonly annotations?: Readonly<Record<string, string>>;
  /** Fully qualified, with tags; taken from the images that have them. */
  readonly names: readonly string[];
}

/**
 * Makes an image out of its parts: unpacks the layers that are not unpacked yet, writes config and manifest, and records it.
 * Success means that the image is complete and durable. Equal parts make the same image.
 * @throws {DhowError} `not-found` if a blob is missing; as `addLayer`.
 */
export async function recordImage(engine: Engine, draft: ImageDraft): Promise<ImageRecord> {
  await unpackAll(engine, draft.layers);
  const diffIds = draft.layers.map(({ diffId }) => diffId);
  const rootfs: ImageConfig["rootfs"] = { type: "layers", diff_ids: diffIds };
  const config = encode({ ...orderConfig(draft.config), rootfs, history: draft.config.history ?? [] });
  const configDigest = engine.blobs.put(config);
  const manifest = encode(makeManifest(draft, { digest: configDigest, size: config.length }));
  return engine.images.add({ manifestDigest: engine.blobs.put(manifest), names: draft.names, repoDigests: [] });
}

/** The layers of a stored image, as parts of another one. */
export function layersOf({ images }: Pick<Engine, "images">, image: ImageRecord): ImageLayer[] {
  const { layers } = images.manifest(image);
  const { diff_ids: diffIds } = images.config(image).rootfs;
  return layers.map(({ digest, size, mediaType, annotations }, index) => ({
    diffId: diffIds[index] as Digest,
    digest,
    size,
    compression: findLayerCompression(mediaType) ?? "none",
    ...(annotations === undefined ? {} : { annotations }),
  }));
}

async function unpackAll(engine: Engine, layers: readonly ImageLayer[]): Promise<void> {
  const chain = chainIds(layers.map(({ diffId }) => diffId));
  for (const [index, { diffId, digest }] of layers.entries()) {
    const layer = { chainId: chain[index] as Digest, parent: chain[index - 1], diffId };
    await addLayer(engine, layer, { path: engine.blobs.path(digest) });
  }
}

/** In the order in which everybody writes them, for people who read them. */
function orderConfig({ created, author, architecture, variant, os, config = {}, comment }: ImageDraft["config"]) {
  return { created, author, architecture, variant, os, config, comment };
}

function makeManifest(draft: ImageDraft, config: Pick<Descriptor, "digest" | "size">): Manifest {
  const { format, layers, annotations = {} } = draft;
  const isDocker = format === "docker";
  const layerTypes = isDocker ? dockerLayerTypes : ociLayerTypes;
  return {
    schemaVersion: 2,
    mediaType: isDocker ? mediaTypes.dockerManifest : mediaTypes.ociManifest,
    config: { mediaType: isDocker ? mediaTypes.dockerConfig : mediaTypes.ociConfig, ...config },
    layers: layers.map(({ compression, digest, size, annotations: own }) => ({
      mediaType: layerTypes[compression],
      digest,
      size,
      ...(own === undefined || isDocker ? {} : { annotations: own }),
    })),
    // Docker's manifests have none.
    ...(Object.keys(annotations).length === 0 || isDocker ? {} : { annotations }),
  };
}

function encode(document: object): Buffer {
  return Buffer.from(JSON.stringify(document));
}
