import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { ImageRecord } from "../storage/images.ts";

/**
 * Makes sure that an image's layers are unpacked for the storage driver in use: after a change of the driver they are
 * made anew, from the blobs as they came. Costs one look into the database if they are there.
 * @throws {DhowError} `not-found` if a blob is not stored any more.
 */
export async function ensureLayers(engine: Engine, image: ImageRecord): Promise<void> {
  if (image.topLayer === undefined || engine.layers.find(image.topLayer)) return;
  const { addLayers, imageLayers } = await import("./image-layers.ts");
  const layers = imageLayers(engine.images.manifest(image), engine.images.config(image));
  // The lease ends with this process.
  engine.layers.reserve(layers.map(({ chainId }) => chainId));
  const missing = layers.filter(({ chainId }) => engine.layers.find(chainId) === undefined);
  await addLayers(engine, missing, {
    open({ digest }) {
      if (engine.blobs.findSize(digest) === undefined) throw missingBlob(image, engine.rootfs.name);
      return { source: { path: engine.blobs.path(digest) } };
    },
  });
}

function missingBlob({ names, id }: ImageRecord, driver: string): DhowError {
  const name = names[0] ?? id.slice(0, 12);
  return new DhowError(`image ${name} is not unpacked for the storage driver ${driver}`, {
    kind: "not-found",
    hint: `pull it again: dhow pull ${name}`,
  });
}
