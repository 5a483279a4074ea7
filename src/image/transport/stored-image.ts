import { copyFileSync } from "node:fs";
import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/image.ts";
import { parseManifest } from "../../oci/manifest.ts";
import type { ImageRecord } from "../../storage/images.ts";
import type { SourceImage } from "../source-image.ts";

/**
 * A stored image as a source for other places. Nothing of it is removed from the store while this process lives.
 * @throws {DhowError} `not-found`, `corrupt` if its manifest is not as it was.
 */
export function storedImage(
  engine: Pick<Engine, "blobs" | "leases">,
  { manifestDigest, names, id }: ImageRecord,
): SourceImage {
  return storedManifest(engine, manifestDigest, names[0] ?? id.slice(0, 12));
}

/**
 * The same for whatever has a manifest in the store.
 * @param name What messages call it.
 */
export function storedManifest(
  { blobs, leases }: Pick<Engine, "blobs" | "leases">,
  manifestDigest: Digest,
  name: string = manifestDigest,
): SourceImage {
  leases.take([manifestDigest]);
  const manifestBytes = blobs.read(manifestDigest);
  const parsed = parseManifest(manifestBytes);
  if (parsed.kind !== "manifest") throw new TypeError("an image's manifest is no index");
  const { manifest } = parsed;
  leases.take([manifest.config, ...manifest.layers].map(({ digest }) => digest));
  const findBlobFile = ({ digest, size }: Descriptor) =>
    blobs.findSize(digest) === size ? blobs.path(digest) : undefined;
  return {
    manifest,
    manifestBytes,
    manifestDigest,
    index: undefined,
    findBlobFile,
    async fetchBlob(descriptor, { path, onProgress }) {
      const file = findBlobFile(descriptor);
      if (file === undefined) throw missingBlob(name, descriptor);
      copyFileSync(file, path);
      onProgress?.(descriptor.size);
    },
  };
}

function missingBlob(name: string, { digest }: Descriptor): DhowError {
  return new DhowError(`blob ${digest} of image ${name} is not stored`, {
    kind: "not-found",
    hint: `pull the image again: dhow pull ${name}`,
  });
}
