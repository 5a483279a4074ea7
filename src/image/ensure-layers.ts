import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import type { ImageRecord } from "../storage/images.ts";

/**
 * Makes sure that an image's layers are unpacked for the storage driver in use: after a change of the driver they are
 * made anew, from the blobs as they came. Costs one look into the database if they are there.
 * @throws {DhowError} `not-found` if a blob is not stored any more.
 */
export async function ensureLayers(engine: Engine, image: ImageRecord): Promise<void> {
  if (image.topLayer === undefined || engine.layers.find(image.topLayer)) return;
  const { addLayer } = await import("./add-layer.ts");
  const { chainIds } = await import("../storage/chain-id.ts");
  const { rootfs } = engine.images.config(image);
  const chain = chainIds(rootfs.diff_ids);
  // The lease ends with this process.
  engine.layers.reserve(chain);
  for (const [position, { digest }] of engine.images.manifest(image).layers.entries()) {
    const [chainId, diffId] = [chain[position], rootfs.diff_ids[position]] as [Digest, Digest];
    if (engine.layers.find(chainId)) continue;
    if (engine.blobs.findSize(digest) === undefined) throw missingBlob(image, engine.rootfs.name);
    await addLayer(engine, { chainId, parent: chain[position - 1], diffId }, { path: engine.blobs.path(digest) });
  }
}

function missingBlob({ names, id }: ImageRecord, driver: string): DhowError {
  const name = names[0] ?? id.slice(0, 12);
  return new DhowError(`image ${name} is not unpacked for the storage driver ${driver}`, {
    kind: "not-found",
    hint: `pull it again: dhow pull ${name}`,
  });
}
