import type { Engine } from "../engine.ts";
import type { ImageRecord } from "../storage/images.ts";
import { type Family, relateImages } from "./family.ts";

/** An image, or a manifest list, as listings show it. */
export type ListedImage = ImageRecord & {
  /** Those of its names that a filter asks for, if it asks for some. */
  readonly shownNames?: readonly string[];
  readonly isManifestList?: true;
};

/** Whether nobody can name the image but by its id. */
export function isNameless({ names, repoDigests }: Pick<ImageRecord, "names" | "repoDigests">): boolean {
  return names.length === 0 && repoDigests.length === 0;
}

/** What listings tell of an image that takes knowledge of the others. Computed when it is first asked for. */
export interface ImageRelations {
  /** Nameless, and nothing was made of it. */
  isDangling(image: ListedImage): boolean;
  /** Nameless, but another image was made of it. */
  isIntermediate(image: ListedImage): boolean;
  parentOf(image: ListedImage): ImageRecord | undefined;
}

export function relationsOf(
  engine: Pick<Engine, "images" | "layers" | "manifestLists">,
  images: readonly ListedImage[],
): ImageRelations {
  let family: Family | undefined;
  let inLists: ReadonlySet<string> | undefined;
  const related = () => {
    family ??= relateImages(
      engine,
      images.filter(({ isManifestList }) => !isManifestList),
    );
    return family;
  };
  const isInList = ({ manifestDigest }: ListedImage) => {
    inLists ??= engine.manifestLists.instanceDigests();
    return inLists.has(manifestDigest);
  };
  const hasChildren = (image: ListedImage) => !image.isManifestList && related().childrenOf(image).length > 0;
  return {
    isDangling: (image) => isNameless(image) && !isInList(image) && !hasChildren(image),
    isIntermediate: (image) => isNameless(image) && hasChildren(image),
    parentOf: (image) => (image.isManifestList ? undefined : related().parentOf(image)),
  };
}
