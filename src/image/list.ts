import type { Engine } from "../engine.ts";
import type { Filters } from "../model/filters.ts";
import type { ManifestListRecord } from "../storage/manifest-lists.ts";
import { type ImageRelations, type ListedImage, relationsOf } from "./listed-image.ts";

export const imageSortKeys = ["created", "id", "repository", "size", "tag"] as const;
export type ImageSortKey = (typeof imageSortKeys)[number];

/** One line of `images`: an image under one of its names; one without a name for an image that has none. */
export interface ImageRow {
  readonly image: ListedImage;
  readonly repository: string | undefined;
  readonly tag: string | undefined;
}

export interface ListImagesOptions {
  readonly filters: Filters;
  readonly sort: ImageSortKey;
  /** Shows images that are steps of others, too. */
  readonly all: boolean;
}

export interface ImageListing {
  readonly rows: readonly ImageRow[];
  readonly relations: ImageRelations;
}

export type ListEngine = Pick<Engine, "images" | "containers" | "layers" | "manifestLists">;

/**
 * Lists the stored images and manifest lists, a row for each name. A `reference` filter that fits only some names of an image
 * shows only those.
 * @throws {DhowError} `invalid-argument` for an unknown filter or a bad value.
 */
export async function listImages(engine: ListEngine, { filters, sort, all }: ListImagesOptions): Promise<ImageListing> {
  const lists = engine.manifestLists.list();
  const images: readonly ListedImage[] = engine.images.list();
  const stored = lists.length > 0 ? [...images, ...(await showLists(lists))] : images;
  const relations = relationsOf(engine, stored);
  // Most listings have no filter, and start faster without them.
  const found =
    filters.size > 0 ? (await import("./filters.ts")).filterImages(engine, stored, { filters, relations }) : stored;
  const shown = all || filters.has("intermediate") ? found : found.filter((image) => !relations.isIntermediate(image));
  return { rows: shown.flatMap(rowsOf).sort(orders[sort]), relations };
}

async function showLists(lists: readonly ManifestListRecord[]): Promise<ListedImage[]> {
  const { describeList } = await import("./manifest-list/describe.ts");
  return lists.map(describeList);
}

function rowsOf(image: ListedImage): ImageRow[] {
  const names = image.shownNames ?? image.names;
  if (names.length > 0) return names.map((name) => ({ image, ...splitName(name) }));
  const [place] = image.repoDigests;
  return [{ image, repository: place?.slice(0, place.indexOf("@")), tag: undefined }];
}

function splitName(name: string): { repository: string; tag: string } {
  const colon = name.lastIndexOf(":");
  return { repository: name.slice(0, colon), tag: name.slice(colon + 1) };
}

const orders: Readonly<Record<ImageSortKey, (a: ImageRow, b: ImageRow) => number>> = {
  created: (a, b) => b.image.createdAt.getTime() - a.image.createdAt.getTime(),
  size: (a, b) => a.image.sizeBytes - b.image.sizeBytes,
  id: (a, b) => compare(a.image.id, b.image.id),
  repository: (a, b) => compare(a.repository, b.repository) || compare(a.tag, b.tag),
  tag: (a, b) => compare(a.tag, b.tag),
};

function compare(a = "<none>", b = "<none>"): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
