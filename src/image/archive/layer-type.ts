import { mediaTypes } from "../../oci/image.ts";
import { compressionOf } from "../../storage/unpack/decompress.ts";
import { type ImageFile, readHead } from "./image-files.ts";

/** Docker's media type of a layer's file, which tells its compression by its first bytes. */
export function layerType(file: ImageFile): string {
  switch (compressionOf(readHead(file, 6))) {
    case "gzip":
      return mediaTypes.dockerLayerGzip;
    case "zstd":
      return mediaTypes.dockerLayerZstd;
    default:
      return mediaTypes.dockerLayer;
  }
}
