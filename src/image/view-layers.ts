import { mkdirSync } from "node:fs";
import type { Engine } from "../engine.ts";
import type { ImageRecord } from "../storage/images.ts";
import { newTemporaryPath, removeTree } from "../storage/temporary.ts";
import { runProgram } from "../system/process.ts";
import { ensureLayers } from "./ensure-layers.ts";
import { layerPaths } from "./layer-paths.ts";

type ViewEngine = Pick<Engine, "layers" | "paths" | "rootfs">;

/**
 * Shows layers as one tree for as long as `work` takes, in a place of its own, not to be written to.
 * @param paths Top first; the top one may be what a container has written.
 */
export async function withLayers<T>(
  engine: ViewEngine,
  paths: readonly string[],
  work: (tree: string) => Promise<T>,
): Promise<T> {
  const folder = newTemporaryPath(engine.paths.data);
  const target = `${folder}/tree`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    mountLayers(engine, { paths, folder, target });
    return await work(target);
  } finally {
    engine.rootfs.unmount(target);
    removeTree(folder);
  }
}

/** Mounts layers read-only. @param place `folder` is for what the mount needs beside the target. */
export function mountLayers(
  { rootfs }: Pick<Engine, "rootfs">,
  { paths, folder, target }: { readonly paths: readonly string[]; readonly folder: string; readonly target: string },
): void {
  const plan = rootfs.prepare({ layers: paths, containerDirectory: folder, target, readOnly: true });
  for (const command of plan.commands) runProgram(command, { cwd: plan.cwd });
}

/** Shows an image as it is: see {@link withLayers}. */
export async function withImageTree<T>(
  engine: Engine,
  image: ImageRecord,
  work: (tree: string) => Promise<T>,
): Promise<T> {
  await ensureLayers(engine, image);
  const paths = layerPaths(engine, image);
  const [top] = paths;
  if (top !== undefined && engine.layers.kind === "merged") return work(top);
  return withLayers(engine, paths, work);
}
