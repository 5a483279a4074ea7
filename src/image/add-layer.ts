import type { Engine } from "../engine.ts";
import type { Digest } from "../oci/digest.ts";
import { countIds, readIdMap } from "../rootless/id-map.ts";
import { readLayerOptions } from "../storage/layer-options.ts";
import type { LayerRecord } from "../storage/layers.ts";
import type { LayerSource } from "../storage/unpack/growing-file.ts";
import { unpackLayer } from "../storage/unpack/unpack-layer.ts";

export interface AddLayerOptions {
  readonly onProgress?: (bytes: number) => void;
  readonly signal?: AbortSignal;
  /** Awaited before the layer is published: a download that verifies the blob while it is unpacked. Its failure is the layer's. */
  readonly complete?: Promise<void>;
  /** What could not be unpacked as it is. Default: tells the user at once. */
  readonly onWarning?: (warning: string) => void;
}

/**
 * Unpacks a layer's blob and publishes it in the layer store, unless the layer is there. Its parent must be there.
 * Success means that the layer is durable and has the given diff id.
 * @throws {DhowError} as `unpackLayer`; nothing is kept then.
 */
export async function addLayer(
  engine: Engine,
  layer: { readonly chainId: Digest; readonly parent: Digest | undefined; readonly diffId: Digest },
  source: LayerSource,
  { complete, onWarning = engine.warn, ...options }: AddLayerOptions = {},
): Promise<LayerRecord> {
  const { uids, gids } = readIdMap();
  const { ignoreChownErrors, limits } = readLayerOptions(engine.globals.storageOpts);
  const below = layer.parent === undefined ? [] : engine.layers.chain(layer.parent);
  return engine.layers.add(layer, async (directory) => {
    const unpacking = unpackLayer({
      ...options,
      source,
      diffId: layer.diffId,
      directory,
      whiteouts: engine.layers.kind,
      lowerDirectories: below.map((parent) => engine.layers.diffPath(parent)),
      ids: { uids: countIds(uids), gids: countIds(gids), ignoreChownErrors },
      limits,
    });
    // Both have to come to rest before anybody removes the directory. A failed download makes the unpacking fail, too.
    const [unpacked, completed] = await Promise.allSettled([unpacking, complete]);
    if (completed.status === "rejected") throw completed.reason;
    if (unpacked.status === "rejected") throw unpacked.reason;
    const { sizeBytes, warnings } = unpacked.value;
    for (const warning of warnings) onWarning(warning);
    return { sizeBytes };
  });
}
