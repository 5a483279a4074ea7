import type { Engine } from "../../engine.ts";
import { digestHex } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/image.ts";
import type { CopyEvent } from "../copy-event.ts";
import type { SourceImage } from "../source-image.ts";
import { withBlobFile } from "./blob-file.ts";
import type { FileWriter } from "./file-writers.ts";

export interface AddBlobsOptions {
  readonly files: FileWriter;
  /** The hex digits of what is there. */
  readonly written: Set<string>;
  /** Where a blob goes. */
  blobName(hex: string): string;
  readonly onEvent: ((event: CopyEvent) => void) | undefined;
}

/** Writes the layers and the config of an image as they are, each one once. */
export async function addImageBlobs(
  engine: Pick<Engine, "paths">,
  image: SourceImage,
  { files, written, blobName, onEvent }: AddBlobsOptions,
): Promise<void> {
  const { config, layers } = image.manifest;
  const add = async (descriptor: Descriptor, onProgress?: (copiedBytes: number) => void) => {
    const hex = digestHex(descriptor.digest);
    if (written.has(hex)) return;
    await withBlobFile(engine, image, {
      descriptor,
      use: (path) => files.addFile(blobName(hex), path, onProgress),
    });
    written.add(hex);
  };
  onEvent?.({
    type: "layers",
    layers: layers.map(({ digest, size }) => ({ digest, sizeBytes: size, isPresent: written.has(digestHex(digest)) })),
  });
  for (const layer of layers) {
    const { digest } = layer;
    await add(layer, (copiedBytes) => onEvent?.({ type: "progress", digest, copiedBytes }));
    onEvent?.({ type: "layer", digest });
  }
  await add(config);
  onEvent?.({ type: "config", digest: config.digest });
}
