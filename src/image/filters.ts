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
import { isDangling, type ListedImage } from "./listed-image.ts";

type FilterEngine = Pick<Engine, "images" | "containers">;

/**
 * The images that all the filters of a listing let through.
 * @throws {DhowError} `invalid-argument` for an unknown filter or a bad value; `not-found` for an unknown image in one.
 */
export function filterImages(engine: FilterEngine, images: readonly ImageRecord[], filters: Filters): ListedImage[] {
  const patterns = filters.get("reference") ?? [];
  return images.filter(combineFilters(filters, imageFilters(engine), unknownFilter)).map((image) => {
    const shownNames = image.names.filter((name) => patterns.some((pattern) => nameMatches(name, pattern)));
    return shownNames.length > 0 ? { ...image, shownNames } : image;
  });
}

function unknownFilter(key: string): DhowError {
  return new DhowError(`unsupported image filter ${JSON.stringify(key)}`, { kind: "invalid-argument" });
}

/** What --filter of `images` knows. */
function imageFilters(engine: FilterEngine): FilterTable<ImageRecord> {
  const flag = (key: string, test: (image: ImageRecord) => boolean) => (value: string) => {
    const wanted = parseFilterBoolean(key, value);
    return (image: ImageRecord) => test(image) === wanted;
  };
  const createdAfter = (key: string) => (value: string) => {
    const limit = referenceImage(engine, key, value).createdAt.getTime();
    return (image: ImageRecord) => image.createdAt.getTime() > limit;
  };
  return {
    after: createdAfter("after"),
    since: createdAfter("since"),
    before: (value) => {
      const limit = referenceImage(engine, "before", value).createdAt.getTime();
      return (image) => image.createdAt.getTime() < limit;
    },
    containers: (value) => {
      const used = engine.containers.countByImage();
      return flag("containers", ({ id }) => used.has(id))(value);
    },
    dangling: flag("dangling", isDangling),
    digest: (value) => (image) => digestsOf(image).some((digest) => digest.startsWith(value)),
    id: (value) => {
      const prefix = value.replace(/^sha256:/, "");
      return ({ id }) => id.startsWith(prefix);
    },
    // Every stored image was asked for by somebody: none is just a step of a build, a list of manifests, or read-only.
    intermediate: flag("intermediate", () => false),
    manifest: flag("manifest", () => false),
    readonly: flag("readonly", () => false),
    label: (value) => (image) => matchesLabel(image.labels, value),
    "label!": (value) => (image) => !matchesLabel(image.labels, value),
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

function referenceTest({ images }: FilterEngine, pattern: string): (image: ImageRecord) => boolean {
  const named = /[*?[\\]/.test(pattern) ? undefined : images.find(pattern)?.id;
  return (image) => image.id === named || image.names.some((name) => nameMatches(name, pattern));
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
