import { renameSync } from "node:fs";
import type { Engine } from "../engine.ts";
import { addLayer } from "../image/add-layer.ts";
import type { Digest } from "../oci/digest.ts";
import type { CachedLayer } from "../storage/build-cache.ts";
import { chainIdOf } from "../storage/chain-id.ts";
import { type PackSource, packTree } from "../storage/pack/pack-tree.ts";
import { newTemporaryPath, removeTree } from "../storage/temporary.ts";
import { syncTree } from "../storage/unpack/sync-tree.ts";

export interface NewLayer {
  /** Chain id of what it lies on. */
  readonly parent: Digest | undefined;
  readonly source: PackSource;
  /** What the times of files become, in seconds; undefined leaves them. */
  readonly time: ((seconds: number) => number) | undefined;
}

/**
 * Makes a layer of what a step has changed. Where the changes are as layers are kept, their folder becomes the layer.
 * Success means that blob and layer are stored, and spared by garbage collection as long as this process lives.
 */
export async function commitLayer(engine: Engine, { parent, source, time }: NewLayer): Promise<CachedLayer> {
  const file = newTemporaryPath(engine.paths.data);
  try {
    const packed = await packTree({ source, compression: "none", ...(time === undefined ? {} : { time }) }, file);
    for (const warning of packed.warnings) engine.warn(warning);
    const { diffId, blobDigest, blobSize, sizeBytes } = packed;
    engine.blobs.adopt(file, blobDigest);
    const chainId = chainIdOf(parent, diffId);
    if (canMove(engine, source) && time === undefined) {
      await engine.layers.add({ chainId, parent, diffId }, async (diff) => {
        renameSync(source.directory, diff);
        await syncTree(diff);
        return { sizeBytes };
      });
    } else {
      await addLayer(engine, { chainId, parent, diffId }, { path: engine.blobs.path(blobDigest) });
    }
    return { chainId, diffId, digest: blobDigest, size: blobSize, compression: "none", contentBytes: sizeBytes };
  } finally {
    removeTree(file);
  }
}

type Upper = Extract<PackSource, { readonly kind: "upper" }>;

function canMove(engine: Engine, source: PackSource): source is Upper {
  return engine.layers.kind === "overlay" && source.kind === "upper" && !source.usesWhiteoutFiles;
}

/**
 * Lays a layer that is known onto other ones than before.
 * @returns Undefined if its blob is gone.
 */
export async function rebaseLayer(
  engine: Engine,
  layer: CachedLayer,
  parent: Digest | undefined,
): Promise<CachedLayer | undefined> {
  const chainId = chainIdOf(parent, layer.diffId);
  engine.layers.reserve([chainId]);
  engine.leases.take([layer.digest]);
  if (engine.blobs.findSize(layer.digest) === undefined) return undefined;
  if (!engine.layers.find(chainId)) {
    await addLayer(engine, { chainId, parent, diffId: layer.diffId }, { path: engine.blobs.path(layer.digest) });
  }
  return { ...layer, chainId };
}
