import { closeSync, openSync, readSync } from "node:fs";
import { mediaTypes } from "../../oci/image.ts";
import { compressionOf } from "../../storage/unpack/decompress.ts";
import type { ImageFile } from "./image-files.ts";

/** Docker's media type of a layer's file, which tells its compression by its first bytes. */
export function layerType({ path }: ImageFile): string {
  const head = Buffer.alloc(6);
  const file = openSync(path, "r");
  try {
    readSync(file, head);
  } finally {
    closeSync(file);
  }
  switch (compressionOf(head)) {
    case "gzip":
      return mediaTypes.dockerLayerGzip;
    case "zstd":
      return mediaTypes.dockerLayerZstd;
    default:
      return mediaTypes.dockerLayer;
  }
}
