import { mkdirSync } from "node:fs";
import type { Engine } from "../engine.ts";
import { ensureLayers } from "../image/ensure-layers.ts";
import { layersOfImage } from "../image/layer-paths.ts";
import type { ContainerConfig } from "../model/container-config.ts";
import type { MountPlan, RootfsRequest } from "../storage/rootfs.ts";
import { driverFor } from "./shifting-driver.ts";

type Based = Pick<ContainerConfig, "imageId" | "rootfs">;

/**
 * What lies below a container's own changes: the unpacked layers of its image, top first, or the folder of --rootfs.
 * @throws {DhowError} `not-found` if its image is not stored.
 */
export function baseLayers(engine: Pick<Engine, "images" | "layers">, { imageId, rootfs }: Based): string[] {
  return rootfs ? [rootfs.path] : layersOfImage(engine, imageId);
}

/** How a container's root filesystem comes to a place. A folder of --rootfs is the root itself unless it has an overlay. */
export function planRootfs(
  engine: Pick<Engine, "images" | "layers" | "rootfs" | "containers">,
  { id, config }: { readonly id: string; readonly config: Based },
  request: Pick<RootfsRequest, "target" | "volatile" | "shift">,
): MountPlan {
  const { rootfs } = config;
  if (rootfs && !rootfs.overlay) {
    mkdirSync(request.target, { recursive: true });
    return { commands: [["mount", "--rbind", "--make-rprivate", rootfs.path, request.target]], cwd: "/" };
  }
  return driverFor(engine, request.shift).prepare({
    ...request,
    layers: baseLayers(engine, config),
    containerDirectory: engine.containers.directory(id),
  });
}

/** As {@link baseLayers}, after making sure that they are unpacked for the storage driver in use. */
export async function ensureBaseLayers(engine: Engine, config: Based): Promise<string[]> {
  if (config.imageId !== "") await ensureLayers(engine, engine.images.get(config.imageId));
  return baseLayers(engine, config);
}
