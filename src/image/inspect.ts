import type { Engine } from "../engine.ts";
import { type ImageConfig, type Manifest, mediaTypes } from "../oci/image.ts";
import type { ImageRecord } from "../storage/images.ts";
import { relateImages } from "./family.ts";

/** What `inspect` shows of an image, under podman's names; Docker's where they do not clash. */
export function inspectImage(
  engine: Pick<Engine, "images" | "layers" | "rootfs" | "blobs">,
  image: ImageRecord,
): object {
  const config = engine.images.config(image);
  const manifest = engine.images.manifest(image);
  const defaults = config.config ?? {};
  return {
    Id: image.id,
    Digest: image.manifestDigest,
    RepoTags: image.names,
    RepoDigests: image.repoDigests,
    Parent: relateImages(engine, engine.images.list()).parentOf(image)?.id ?? "",
    Comment: commentOf(config, manifest),
    Created: config.created ?? image.createdAt.toISOString(),
    Config: defaults,
    Version: "",
    Author: config.author ?? "",
    Architecture: image.architecture,
    ...(image.variant === undefined ? {} : { Variant: image.variant }),
    Os: image.os,
    Size: image.sizeBytes,
    VirtualSize: image.sizeBytes,
    GraphDriver: { Name: engine.rootfs.name, Data: graphData(engine, image) },
    RootFS: { Type: config.rootfs.type, Layers: config.rootfs.diff_ids },
    Labels: defaults.Labels ?? null,
    Annotations: manifest.annotations ?? {},
    ManifestType: manifest.mediaType ?? "",
    User: defaults.User ?? "",
    History: config.history ?? [],
    NamesHistory: engine.images.namesHistory(image.id),
    ...(defaults.Healthcheck === undefined ? {} : { Healthcheck: defaults.Healthcheck }),
    Descriptor: {
      mediaType: manifest.mediaType ?? mediaTypes.ociManifest,
      digest: image.manifestDigest,
      size: engine.blobs.findSize(image.manifestDigest) ?? 0,
    },
  };
}

/** Docker's format has a place for it, OCI's has one in each step. */
function commentOf({ comment, history = [] }: ImageConfig, { mediaType }: Manifest): string {
  return comment ?? (mediaType === mediaTypes.dockerManifest ? "" : (history[0]?.comment ?? ""));
}

/** Where the layers lie, top first, as overlay would mount them. */
function graphData({ layers, rootfs }: Pick<Engine, "layers" | "rootfs">, { topLayer }: ImageRecord): object | null {
  if (topLayer === undefined || rootfs.name === "vfs" || !layers.find(topLayer)) return null;
  const [upper, ...lower] = layers.chain(topLayer).map((layer) => layers.diffPath(layer));
  return { ...(lower.length > 0 ? { LowerDir: lower.join(":") } : {}), UpperDir: upper };
}
