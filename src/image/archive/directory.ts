import type { Digest } from "../../oci/digest.ts";
import { digestHex } from "../../oci/digest.ts";
import type { Descriptor, Manifest, Platform } from "../../oci/image.ts";
import { parseManifest } from "../../oci/manifest.ts";
import { chooseManifest } from "../../oci/platform.ts";
import { sha256 } from "../../storage/hash.ts";
import { type FileImage, fileImage, parseFileManifest, parseImageManifest } from "./file-image.ts";
import { damaged, getFile, type ImageFile, type ImageFiles, readFileBytes } from "./image-files.ts";

/**
 * The image of a folder of the `dir:` transport: manifest.json is its manifest, and blobs are named by the hex of their digest.
 * If manifest.json is an index, each of its images has a `HEX.manifest.json`, and the platform's is chosen.
 * @see https://github.com/containers/image/blob/main/docs/containers-transports.5.md
 * @throws {DhowError} `corrupt`, `unsupported`; `not-found` for an index that has nothing for the platform.
 */
export function readDirectory(files: ImageFiles, platform: Platform): FileImage {
  const bytes = readFileBytes(getFile(files, "manifest.json"), "manifest.json");
  const parsed = parseManifest(bytes);
  if (parsed.kind === "manifest") return readImage(files, bytes, parseImageManifest(bytes));
  const chosen = readInstance(files, chooseManifest(parsed.index, platform));
  parseImageManifest(chosen.manifestBytes);
  return {
    ...chosen,
    instances: async () =>
      parsed.index.manifests.map((descriptor) => ({ descriptor, image: readInstance(files, descriptor) })),
  };
}

function readInstance(files: ImageFiles, { digest }: Descriptor): FileImage {
  const name = `${digestHex(digest)}.manifest.json`;
  const bytes = readFileBytes(getFile(files, name), name);
  if (sha256(bytes) !== digest) throw damaged(`${name} does not have that digest`);
  return readImage(files, bytes, parseFileManifest(bytes));
}

function readImage(files: ImageFiles, manifestBytes: Uint8Array, { config, layers }: Manifest): FileImage {
  const blobs = new Map<Digest, ImageFile>(
    [config, ...layers].map(({ digest }) => [digest, getFile(files, digestHex(digest))]),
  );
  return fileImage({ manifestBytes, names: [], blobs });
}
