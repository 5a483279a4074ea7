import type { Engine } from "../engine.ts";
import { isKind } from "../errors.ts";
import type { HistoryEntry, ImageConfig } from "../oci/image.ts";
import type { ImageRecord } from "../storage/images.ts";
import type { LayerRecord } from "../storage/layers.ts";

type FamilyEngine = Pick<Engine, "images" | "layers">;

/** Which images were made of which, as a build or a commit leaves them: nothing but layers and history tells. */
export interface Family {
  parentOf(image: ImageRecord): ImageRecord | undefined;
  childrenOf(image: ImageRecord): ImageRecord[];
}

/**
 * Looks for relations among images: a child has all of its parent's layers, and its history with one more step. Configs are read
 * only of images whose layers fit.
 */
export function relateImages(engine: FamilyEngine, images: readonly ImageRecord[]): Family {
  const below = new Map(engine.layers.list().map(({ chainId, parent }: LayerRecord) => [chainId as string, parent]));
  const byTop = groupBy(images, ({ topLayer }) => topLayer);
  const byLayerBelow = groupBy(images, ({ topLayer }) => topLayer && below.get(topLayer));
  const configs = new Map<string, ImageConfig | undefined>();
  const configOf = (image: ImageRecord): ImageConfig | undefined => {
    if (!configs.has(image.id)) configs.set(image.id, readConfig(engine, image));
    return configs.get(image.id);
  };
  const isParent = (parent: ImageRecord, child: ImageRecord) => {
    if (parent.id === child.id) return false;
    const [older, newer] = [configOf(parent), configOf(child)];
    return older !== undefined && newer !== undefined && isOneStepFurther(older, newer);
  };
  return {
    parentOf(image) {
      const layerBelow = image.topLayer && below.get(image.topLayer);
      const candidates = [...(byTop.get(image.topLayer) ?? []), ...(layerBelow ? (byTop.get(layerBelow) ?? []) : [])];
      return candidates.find((candidate) => isParent(candidate, image));
    },
    childrenOf(image) {
      const direct = image.topLayer === undefined ? [] : (byLayerBelow.get(image.topLayer) ?? []);
      return [...direct, ...(byTop.get(image.topLayer) ?? [])].filter((candidate) => isParent(image, candidate));
    },
  };
}

/** Undefined for an image that was removed meanwhile. */
function readConfig({ images }: FamilyEngine, image: ImageRecord): ImageConfig | undefined {
  try {
    return images.config(image);
  } catch (error) {
    if (isKind(error, "not-found")) return undefined;
    throw error;
  }
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

function isOneStepFurther(parent: ImageConfig, child: ImageConfig): boolean {
  const [older = [], newer = []] = [parent.history, child.history];
  if (older.length + 1 !== newer.length) return false;
  const layers = child.rootfs.diff_ids;
  return (
    parent.rootfs.diff_ids.every((diffId, position) => layers[position] === diffId) &&
    older.every((step, position) => isSameStep(step, newer[position] as HistoryEntry))
  );
}

function isSameStep(a: HistoryEntry, b: HistoryEntry): boolean {
  return (
    sameInstant(a.created, b.created) &&
    (a.created_by ?? "") === (b.created_by ?? "") &&
    (a.author ?? "") === (b.author ?? "") &&
    (a.comment ?? "") === (b.comment ?? "") &&
    (a.empty_layer ?? false) === (b.empty_layer ?? false)
  );
}

function sameInstant(a: string | undefined, b: string | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && Date.parse(a) === Date.parse(b));
}
