import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { ImageRecord } from "../storage/images.ts";
import { addMount, removeAllMounts, removeMount, userMount } from "../storage/user-mounts.ts";
import { ensureLayers } from "./ensure-layers.ts";
import { findImage } from "./find.ts";
import { layerPaths } from "./layer-paths.ts";
import { recordImageEvent } from "./record-event.ts";
import { mountLayers } from "./view-layers.ts";

export interface MountedImage {
  readonly image: ImageRecord;
  /** In the user's namespaces. */
  readonly path: string;
}

/**
 * Mounts an image for the user, to be read. It stays until it is unmounted as often as it was mounted, or until the image is removed.
 * @throws {DhowError} `not-found`.
 */
export async function mountImage(engine: Engine, nameOrId: string): Promise<MountedImage> {
  const image = await findImage(engine, nameOrId);
  await ensureLayers(engine, image);
  const mount = userMount(engine.paths.run, "images", image.id);
  await engine.locks.withLock(lockOf(image), async () => {
    addMount(mount, () => mountLayers(engine, { paths: layerPaths(engine, image), ...mount }));
  });
  // Whoever has removed it meanwhile may have looked for the mount before it was there.
  if (!engine.images.find(image.id)) {
    removeAllMounts(mount);
    throw new DhowError(`${nameOrId}: image not known`, { kind: "not-found" });
  }
  recordImageEvent(engine, image, "mount", nameOrId);
  return { image, path: mount.target };
}

/** The images that are mounted for the user. */
export function listMountedImages({
  images,
  paths,
  rootfs,
}: Pick<Engine, "images" | "paths" | "rootfs">): MountedImage[] {
  return images
    .list()
    .map((image) => ({ image, path: userMount(paths.run, "images", image.id).target }))
    .filter(({ path }) => rootfs.isMounted(path));
}

/**
 * Takes back one mount of an image, or all of them by force, even while somebody works in it.
 * @returns The image's id; undefined if it was not mounted.
 * @throws {DhowError} `not-found`; `conflict` if it is in use.
 */
export async function unmountImage(
  engine: Engine,
  nameOrId: string,
  { force }: { readonly force: boolean },
): Promise<string | undefined> {
  const image = await findImage(engine, nameOrId);
  const mount = userMount(engine.paths.run, "images", image.id);
  return engine.locks.withLock(lockOf(image), async () => {
    if (!engine.rootfs.isMounted(mount.target)) return undefined;
    if (force) removeAllMounts(mount);
    else removeMount(mount);
    recordImageEvent(engine, image, "unmount", nameOrId);
    return image.id;
  });
}

function lockOf({ id }: ImageRecord): string {
  return `mount:${id}`;
}
