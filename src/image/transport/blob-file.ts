import { rmSync } from "node:fs";
import type { Engine } from "../../engine.ts";
import type { Descriptor } from "../../oci/image.ts";
import { newTemporaryPath } from "../../storage/temporary.ts";
import type { SourceImage } from "../source-image.ts";

/** Uses a blob of an image as a file: the one that is there, else one that is fetched and removed again. */
export async function withBlobFile<T>(
  { paths }: Pick<Engine, "paths">,
  image: SourceImage,
  { descriptor, use }: { readonly descriptor: Descriptor; use(path: string): Promise<T> },
): Promise<T> {
  const file = image.findBlobFile(descriptor);
  if (file !== undefined) return use(file);
  const path = newTemporaryPath(paths.data);
  try {
    await image.fetchBlob(descriptor, { path });
    return await use(path);
  } finally {
    rmSync(path, { force: true });
  }
}
