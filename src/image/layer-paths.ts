import type { Engine } from "../engine.ts";
import type { ImageRecord } from "../storage/images.ts";

/** Unpacked layers of the image with an id, top first; none for a container without an image. */
export function layersOfImage(engine: Pick<Engine, "images" | "layers">, imageId: string): string[] {
  return imageId === "" ? [] : layerPaths(engine, engine.images.get(imageId));
}

/** Unpacked layers of an image, top first. */
export function layerPaths({ layers }: Pick<Engine, "layers">, { topLayer }: Pick<ImageRecord, "topLayer">): string[] {
  return topLayer === undefined ? [] : layers.chain(topLayer).map((layer) => layers.diffPath(layer));
}
