import type { Engine } from "../engine.ts";
import type { ImageRecord } from "../storage/images.ts";

/** What `inspect` shows of an image, under podman's names; Docker's where they do not clash. */
export function inspectImage(engine: Pick<Engine, "images" | "layers" | "rootfs">, image: ImageRecord): object {
  const config = engine.images.config(image);
  const manifest = engine.images.manifest(image);
  const defaults = config.config ?? {};
  return {
    Id: image.id,
    Digest: image.manifestDigest,
    RepoTags: image.names,
    RepoDigests: image.repoDigests,
    Parent: "",
    Comment: config.comment ?? config.history?.at(-1)?.comment ?? "",
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
    NamesHistory: image.names,
  };
}

/** Where the layers lie, top first, as overlay would mount them. */
function graphData({ layers, rootfs }: Pick<Engine, "layers" | "rootfs">, { topLayer }: ImageRecord): object | null {
  if (topLayer === undefined || rootfs.name === "vfs" || !layers.find(topLayer)) return null;
  const [upper, ...lower] = layers.chain(topLayer).map((layer) => layers.diffPath(layer));
  return { ...(lower.length > 0 ? { LowerDir: lower.join(":") } : {}), UpperDir: upper };
}
