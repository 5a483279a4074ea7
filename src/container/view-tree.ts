import { existsSync } from "node:fs";
import type { Engine } from "../engine.ts";
import { withImageTree, withLayers } from "../image/view-layers.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import type { PackSource } from "../storage/pack/pack-tree.ts";
import { baseLayers, ensureBaseLayers } from "./base-layers.ts";
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
  const own = `${engine.containers.directory(id)}/diff`;
  if (!existsSync(own)) {
    return config.rootfs ? work(config.rootfs.path) : withImageTree(engine, imageOf(engine, config), work);
  }
  if (engine.layers.kind === "merged") return work(own);
  return withLayers(engine, [own, ...(await ensureBaseLayers(engine, config))], work);
}

/** Where the changes of a container to its image are. The image's layers must be unpacked. */
export function containerChanges(engine: Engine, { id, config }: Viewed): PackSource {
  return engine.rootfs.changesOf({
    layers: baseLayers(engine, config),
    containerDirectory: engine.containers.directory(id),
  });
}
