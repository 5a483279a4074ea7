import type { Engine } from "../../engine.ts";
import { isKind } from "../../errors.ts";
import type { ContainerConfig } from "../../model/container-config.ts";

/** Removes the image that a container was made from, unless others use it. */
export async function removeImageOf(engine: Engine, { imageId, imageName, rootfs }: ContainerConfig): Promise<void> {
  if (rootfs) return;
  const { collectImageGarbage, removeImage } = await import("../../image/remove.ts");
  try {
    const name = engine.images.findName(imageName) ?? imageId;
    await removeImage(engine, name, { force: false, allNames: false, removeContainer: async () => undefined });
    collectImageGarbage(engine);
  } catch (error) {
    if (isKind(error, "conflict")) engine.warn(error.message);
    else if (!isKind(error, "not-found")) throw error;
  }
}
