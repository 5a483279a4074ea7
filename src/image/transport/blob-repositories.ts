import type { Engine } from "../../engine.ts";
import type { Digest } from "../../oci/digest.ts";
import { type Reference, repositoryName } from "../../oci/reference.ts";

/**
 * Tells in which other repository of a registry a blob should be: that of a stored image that came from there, or is called so.
 * The stored images are looked through when it is first asked.
 */
export function repositoriesOfBlobs(
  { images }: Pick<Engine, "images">,
  reference: Reference,
): (digest: Digest) => string | undefined {
  const prefix = `${reference.registry}/`;
  let known: Map<Digest, string> | undefined;
  const look = () => {
    const found = new Map<Digest, string>();
    for (const image of images.list()) {
      const repository = image.repoDigests
        .filter((place) => place.startsWith(prefix))
        .map((place) => place.slice(0, place.lastIndexOf("@")))
        .find((name) => name !== repositoryName(reference));
      if (repository === undefined) continue;
      const { layers } = images.manifest(image);
      for (const { digest } of layers) if (!found.has(digest)) found.set(digest, repository.slice(prefix.length));
    }
    return found;
  };
  return (digest) => {
    known ??= look();
    return known.get(digest);
  };
}
