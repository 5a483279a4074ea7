import type { Digest } from "../../oci/digest.ts";
import { digestHex } from "../../oci/digest.ts";
import { type FileImage, fileImage, parseImageManifest } from "./file-image.ts";
import { getFile, type ImageFile, type ImageFiles, readFileBytes } from "./image-files.ts";

/**
 * The image of a folder of the `dir:` transport: manifest.json is its manifest, and blobs are named by the hex of their digest.
 * @see https://github.com/containers/image/blob/main/docs/containers-transports.5.md
 * @throws {DhowError} `corrupt`, `unsupported`.
 */
export function readDirectory(files: ImageFiles): FileImage {
  const manifestBytes = readFileBytes(getFile(files, "manifest.json"), "manifest.json");
  const { config, layers } = parseImageManifest(manifestBytes);
  const blobs = new Map<Digest, ImageFile>(
    [config, ...layers].map(({ digest }) => [digest, getFile(files, digestHex(digest))]),
  );
  return fileImage({ manifestBytes, names: [], blobs });
}
