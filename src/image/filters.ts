import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import {
  combineFilters,
  type Filters,
  type FilterTable,
  globTest,
  matchesLabel,
  parseFilterBoolean,
} from "../model/filters.ts";
import { parsePointInTime } from "../model/point-in-time.ts";
import type { ImageRecord } from "../storage/images.ts";
import type { ImageRelations, ListedImage } from "./listed-image.ts";

type FilterEngine = Pick<Engine, "images" | "containers" | "manifestLists">;

export interface ImageFilterOptions {
  readonly filters: Filters;
  readonly relations: ImageRelations;
}

/**
 * The images that all the filters of a listing let through.
 * @throws {DhowError} `invalid-argument` for an unknown filter or a bad value; `not-found` for an unknown image in one.
 */
export function filterImages(
  engine: FilterEngine,
  images: readonly ListedImage[],
  { filters, relations }: ImageFilterOptions,
): ListedImage[] {
  for (const key of flagFilters) refuseContradiction(key, filters.get(key) ?? []);
  const patterns = filters.get("reference") ?? [];
  const table = withNegations(imageFilters(engine, relations));
  const fits = combineFilters(filters, table, unknownFilter, (key) => key !== "reference");
  return images.filter(fits).map((image) => {
    const shownNames = image.names.filter((name) => patterns.some((pattern) => nameMatches(name, pattern)));
    return shownNames.length > 0 ? { ...image, shownNames } : image;
  });
}

/** Filters that say yes or no. */
const flagFilters = ["containers", "dangling", "intermediate", "manifest", "readonly"];

function refuseContradiction(key: string, values: readonly string[]): void {
  if (new Set(values).size < 2) return;
  throw new DhowError(
    `specifying ${JSON.stringify(key)} filter more than once with different values is not supported`,
    {
      kind: "invalid-argument",
    },
  );
}

/** Every filter can be turned around: `reference!=*alpine*`. */
function withNegations<Item>(table: FilterTable<Item>): FilterTable<Item> {
  const negated = Object.entries(table).map(([key, make]) => [
    `${key}!`,
    (value: string) => {
      const test = make(value);
      return (item: Item) => !test(item);
    },
  ]);
  return { ...table, ...Object.fromEntries(negated) };
}

function unknownFilter(key: string): DhowError {
  return new DhowError(`unsupported image filter ${JSON.stringify(key)}`, { kind: "invalid-argument" });
}

/** What --filter of `images` knows. */
function imageFilters(engine: FilterEngine, relations: ImageRelations): FilterTable<ListedImage> {
  const flag = (key: string, test: (image: ListedImage) => boolean) => (value: string) => {
    const wanted = parseFilterBoolean(key, value);
    return (image: ListedImage) => test(image) === wanted;
  };
  const createdAfter = (key: string) => (value: string) => {
    const limit = referenceImage(engine, key, value).createdAt.getTime();
    return (image: ListedImage) => image.createdAt.getTime() > limit;
  };
  return {
    after: createdAfter("after"),
    since: createdAfter("since"),
    before: (value) => {
      const limit = referenceImage(engine, "before", value).createdAt.getTime();
      return (image) => image.createdAt.getTime() < limit;
    },
    containers: (value) => {
      // All containers are dhow's own.
      if (value === "external") return () => false;
      if (value !== "true" && value !== "false") throw unsupportedContainers(value);
      const used = engine.containers.countByImage();
      return ({ id }) => used.has(id) === (value === "true");
    },
    dangling: flag("dangling", relations.isDangling),
    digest: (value) => (image) => digestsOf(image).some((digest) => digest.startsWith(value)),
    id: (value) => {
      const prefix = value.replace(/^sha256:/, "");
      return ({ id }) => id.startsWith(prefix);
    },
    intermediate: flag("intermediate", relations.isIntermediate),
    manifest: flag("manifest", ({ isManifestList }) => isManifestList ?? false),
    readonly: flag("readonly", ({ readOnly }) => readOnly),
    label: (value) => (image) => matchesLabel(image.labels, value),
    reference: (value) => referenceTest(engine, value),
    until: (value) => {
      const limit = parsePointInTime(value).getTime();
      return (image) => image.createdAt.getTime() < limit;
    },
  };
}

/** Whether a pattern fits the stored name, whole or without its registry, its path, or its tag. */
function nameMatches(name: string, pattern: string): boolean {
  const fits = globTest(pattern);
  const path = name.slice(name.indexOf("/") + 1);
  const last = name.slice(name.lastIndexOf("/") + 1);
  return [name, path, last].some((form) => fits(form) || fits(form.slice(0, form.lastIndexOf(":"))));
}

function referenceTest({ images, manifestLists }: FilterEngine, pattern: string): (image: ListedImage) => boolean {
  const isGlob = /[*?[\\]/.test(pattern);
  const list = isGlob ? undefined : manifestLists.find(pattern);
  const named = new Set(isGlob ? [] : list ? [list.id] : images.findAll(pattern).map(({ id }) => id));
  return (image) => named.has(image.id) || image.names.some((name) => nameMatches(name, pattern));
}

function unsupportedContainers(value: string): DhowError {
  return new DhowError(`unsupported value ${JSON.stringify(value)} for containers filter`, {
    kind: "invalid-argument",
  });
}

function referenceImage({ images }: FilterEngine, key: string, value: string): ImageRecord {
  const image = images.find(value);
  if (image) return image;
  throw new DhowError(
    `could not find local image for filter ${JSON.stringify(key)}=${JSON.stringify(value)}: ${value}: image not known`,
    {
      kind: "not-found",
    },
  );
}

function digestsOf(image: ImageRecord): string[] {
  return [image.manifestDigest, ...image.repoDigests.map((each) => each.slice(each.indexOf("@") + 1))];
}
