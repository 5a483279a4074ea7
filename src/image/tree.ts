import type { Engine } from "../engine.ts";
import type { ImageRecord } from "../storage/images.ts";
import type { LayerRecord } from "../storage/layers.ts";

/** A layer of an image, and the layers of other images on top of it if they were asked for. */
export interface LayerNode {
  readonly layer: LayerRecord;
  /** Names of the images that end with this layer. */
  readonly topOf: readonly string[];
  readonly children: readonly LayerNode[];
}

type TreeEngine = Pick<Engine, "images" | "layers">;

/** The layers of an image, base first. */
export function layersOf({ images, layers }: TreeEngine, { topLayer }: ImageRecord): LayerNode[] {
  if (topLayer === undefined) return [];
  const names = namesByTopLayer(images.list());
  return layers
    .chain(topLayer)
    .reverse()
    .map((layer) => ({ layer, topOf: names.get(layer.chainId) ?? [], children: [] }));
}

/** The top layer of an image with everything that is built on it; undefined for an image without layers. */
export function layersOnTopOf({ images, layers }: TreeEngine, { topLayer }: ImageRecord): LayerNode | undefined {
  const all = layers.list();
  const names = namesByTopLayer(images.list());
  const children = Map.groupBy(all, ({ parent }) => parent);
  const nodeOf = (layer: LayerRecord): LayerNode => ({
    layer,
    topOf: names.get(layer.chainId) ?? [],
    children: (children.get(layer.chainId) ?? []).map(nodeOf),
  });
  const top = all.find(({ chainId }) => chainId === topLayer);
  return top && nodeOf(top);
}

function namesByTopLayer(images: readonly ImageRecord[]): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const { topLayer, names: own } of images) {
    if (topLayer !== undefined) names.set(topLayer, [...(names.get(topLayer) ?? []), ...own]);
  }
  return names;
}
