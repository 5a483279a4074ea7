import type { Engine } from "../engine.ts";
import type { Digest } from "../oci/digest.ts";
import type { Descriptor, ImageConfig, Manifest } from "../oci/image.ts";
import { chainIds } from "../storage/chain-id.ts";
import { addLayer } from "./add-layer.ts";
import type { LayerBlob } from "./layer-blobs.ts";

/** One layer of an image: its blob, and what it is when unpacked. */
export interface ImageLayer {
  readonly descriptor: Descriptor;
  readonly chainId: Digest;
  readonly parent: Digest | undefined;
  readonly diffId: Digest;
}

/** The layers of an image whose config names as many as its manifest, base first. */
export function imageLayers({ layers }: Manifest, { rootfs }: ImageConfig): ImageLayer[] {
  const chain = chainIds(rootfs.diff_ids);
  return layers.map((descriptor, position) => ({
    descriptor,
    chainId: chain[position] as Digest,
    parent: chain[position - 1],
    diffId: rootfs.diff_ids[position] as Digest,
  }));
}

export interface AddLayersOptions {
  /** Where the blob of a layer is. */
  open(descriptor: Descriptor): LayerBlob;
  /** Called when a layer is there. */
  readonly onAdded?: (descriptor: Descriptor) => void;
  /** What could not be unpacked as it is. Default: tells the user at once. */
  readonly onWarning?: (warning: string) => void;
}

/**
 * Unpacks layers one after the other, since each needs the one below, and publishes each as `addLayer` does.
 * @throws {DhowError} As `addLayer`, and what `open` throws; the layers in front of that one are kept.
 */
export async function addLayers(
  engine: Engine,
  layers: readonly ImageLayer[],
  { open, onAdded, onWarning = engine.warn }: AddLayersOptions,
): Promise<void> {
  for (const { descriptor, ...layer } of layers) {
    const { source, complete } = open(descriptor);
    await addLayer(engine, layer, source, { onWarning, ...(complete === undefined ? {} : { complete }) });
    // A layer that was there already, of another blob, waits for nothing.
    await complete;
    onAdded?.(descriptor);
  }
}
