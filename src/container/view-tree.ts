import { existsSync } from "node:fs";
import type { Engine } from "../engine.ts";
import { ensureLayers } from "../image/ensure-layers.ts";
import { layerPaths, layersOfImage } from "../image/layer-paths.ts";
import { withImageTree, withLayers } from "../image/view-layers.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import type { PackSource } from "../storage/pack/pack-tree.ts";
import { imageOf } from "./image-of.ts";
import { findMount } from "./mount.ts";

type Viewed = Pick<ContainerRecord, "id" | "config" | "state">;

/**
 * Shows a container's whole tree for as long as `work` takes: where it is mounted, as if it runs, else in a place of its own.
 * Whoever must see one moment of it holds its lock, and pauses it.
 */
export async function withContainerTree<T>(
  engine: Engine,
  record: Viewed,
  work: (tree: string) => Promise<T>,
): Promise<T> {
  const { id, config } = record;
  const mounted = findMount(engine, record);
  if (mounted !== undefined) return work(mounted);
  const image = imageOf(engine, config);
  const own = `${engine.containers.directory(id)}/diff`;
  if (!existsSync(own)) return withImageTree(engine, image, work);
  if (engine.layers.kind === "merged") return work(own);
  await ensureLayers(engine, image);
  return withLayers(engine, [own, ...layerPaths(engine, image)], work);
}

/** Where the changes of a container to its image are. The image's layers must be unpacked. */
export function containerChanges(engine: Engine, { id, config }: Viewed): PackSource {
  return engine.rootfs.changesOf({
    layers: layersOfImage(engine, config.imageId),
    containerDirectory: engine.containers.directory(id),
  });
}
