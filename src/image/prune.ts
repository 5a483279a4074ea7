import type { Engine } from "../engine.ts";
import { isKind } from "../errors.ts";
import type { Filters } from "../model/filters.ts";
import { relateImages } from "./family.ts";
import { listImages } from "./list.ts";
import type { ListedImage } from "./listed-image.ts";
import { collectImageGarbage, type RemoveEngine, removeImage } from "./remove.ts";

export interface PruneImagesOptions {
  /** Removes all images without a container, not only those that nobody can name. */
  readonly all: boolean;
  readonly filters: Filters;
}

export interface PrunedImages {
  /** Ids of images and manifest lists, in the order in which they went. */
  readonly ids: readonly string[];
  /** Bytes that are free on the disk now. */
  readonly freedBytes: number;
}

type PruneEngine = RemoveEngine & Pick<Engine, "images" | "containers" | "layers" | "manifestLists">;

/**
 * Removes images that no container uses, and whatever nothing needs on the disk. What is taken into use meanwhile stays.
 * @throws {DhowError} `invalid-argument` for an unknown filter or a bad value.
 */
export async function pruneImages(engine: PruneEngine, options: PruneImagesOptions): Promise<PrunedImages> {
  const ids: string[] = [];
  // What has lost its last child is nameless itself, perhaps.
  for (let removed = await pruneOnce(engine, options); removed.length > 0; removed = await pruneOnce(engine, options))
    ids.push(...removed);
  return { ids, freedBytes: collectImageGarbage(engine) };
}

async function pruneOnce(engine: PruneEngine, { all, filters }: PruneImagesOptions): Promise<string[]> {
  const chosen = new Map([...filters, ["containers", ["false"]], ["readonly", ["false"]]]);
  if (!all && !filters.has("dangling")) chosen.set("dangling", ["true"]);
  const { rows } = await listImages(engine, { filters: chosen, sort: "created", all: true });
  const images = new Map(rows.map(({ image }) => [image.id, image]));
  const family = relateImages(engine, engine.images.list());
  const removed: string[] = [];
  for (const image of images.values()) {
    if (await remove(engine, image, family)) removed.push(image.id);
  }
  return removed;
}

/** @returns False if it is in use, or gone. */
async function remove(
  engine: PruneEngine,
  { id }: ListedImage,
  family: ReturnType<typeof relateImages>,
): Promise<boolean> {
  try {
    // Parents are chosen by the filters, too.
    const options = { force: false, allNames: true, keepParents: true, family };
    await removeImage(engine, id, { ...options, removeContainer: () => Promise.resolve() });
    return true;
  } catch (error) {
    if (isKind(error, "not-found") || isKind(error, "conflict")) return false;
    throw error;
  }
}
