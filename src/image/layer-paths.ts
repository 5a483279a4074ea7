import type { Engine } from "../engine.ts";
import type { ImageRecord } from "../storage/images.ts";

/** Unpacked layers of an image, top first. */
export function layerPaths({ layers }: Pick<Engine, "layers">, { topLayer }: Pick<ImageRecord, "topLayer">): string[] {
  return topLayer === undefined ? [] : layers.chain(topLayer).map((layer) => layers.diffPath(layer));
}
