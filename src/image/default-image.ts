import type { Engine } from "../engine.ts";
import { doSilently, type ShowLongStep } from "../model/long-step.ts";
import { mediaTypes } from "../oci/image.ts";
import { hostPlatform } from "../oci/platform.ts";
import { chainIds } from "../storage/chain-id.ts";
import { sha256 } from "../storage/hash.ts";
import type { ImageRecord } from "../storage/images.ts";
import { addLayer } from "./add-layer.ts";
import { findStaticBusybox, packBusybox, type StaticBusybox } from "./busybox-layer.ts";

/** An image that needs no registry: made of this machine's static busybox, when it is first asked for. */
export const defaultImageName = "localhost/dhow-busybox:latest";

/** Whether a text that the user wrote means the default image. */
export function isDefaultImageName(text: string): boolean {
  const name = text.startsWith("localhost/") ? text.slice("localhost/".length) : text;
  return name === "dhow-busybox" || name === "dhow-busybox:latest";
}

/**
 * The default image, made now if it is not stored (for this storage driver). The same busybox always gives the same image.
 * @throws {DhowError} `unavailable` if this machine has no static busybox.
 */
export async function ensureDefaultImage(
  engine: Engine,
  showLongStep: ShowLongStep = doSilently,
): Promise<ImageRecord> {
  const stored = engine.images.find(defaultImageName);
  if (stored && isUnpacked(engine, stored)) return stored;
  const busybox = findStaticBusybox();
  return showLongStep(`Making the image ${defaultImageName}`, () => makeImage(engine, busybox));
}

function isUnpacked(engine: Engine, { topLayer }: ImageRecord): boolean {
  return topLayer === undefined || engine.layers.find(topLayer) !== undefined;
}

async function makeImage(engine: Engine, busybox: StaticBusybox): Promise<ImageRecord> {
  const layer = await packBusybox(busybox);
  const layerDigest = engine.blobs.put(layer);
  const [chainId] = chainIds([layerDigest]);
  if (chainId === undefined) throw new TypeError("one layer has one chain id");
  await addLayer(engine, { chainId, parent: undefined, diffId: layerDigest }, { path: engine.blobs.path(layerDigest) });

  const config = toJson({
    created: busybox.modified.toISOString(),
    ...hostPlatform(),
    config: {
      Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
      Cmd: ["sh"],
      Labels: { "org.opencontainers.image.title": "dhow-busybox" },
    },
    rootfs: { type: "layers", diff_ids: [layerDigest] },
    history: [{ created: busybox.modified.toISOString(), created_by: "dhow: busybox of this machine" }],
  });
  const manifest = toJson({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, digest: sha256(config), size: config.length },
    layers: [{ mediaType: mediaTypes.ociLayer, digest: layerDigest, size: layer.length }],
  });
  engine.blobs.put(config);
  return engine.images.add({ manifestDigest: engine.blobs.put(manifest), names: [defaultImageName], repoDigests: [] });
}

function toJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
