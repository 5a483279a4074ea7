import type { ImageRecord } from "../storage/images.ts";

/** An image, and those of its names that a filter asks for if it asks for some. */
export type ListedImage = ImageRecord & { readonly shownNames?: readonly string[] };

/** Whether nobody can name the image but by its id. */
export function isDangling({ names, repoDigests }: Pick<ImageRecord, "names" | "repoDigests">): boolean {
  return names.length === 0 && repoDigests.length === 0;
}
