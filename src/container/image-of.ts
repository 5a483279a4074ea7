import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { ContainerConfig } from "../model/container-config.ts";
import type { ImageRecord } from "../storage/images.ts";

/**
 * The image that a container was made from.
 * @throws {DhowError} `unsupported` for one without an image: there is nothing in it to look at; `not-found`.
 */
export function imageOf(
  { images }: Pick<Engine, "images">,
  { imageId, rootfs }: Pick<ContainerConfig, "imageId" | "rootfs">,
): ImageRecord {
  if (imageId !== "") return images.get(imageId);
  if (rootfs) {
    throw new DhowError("the container has no image: it was made with --rootfs: invalid argument", {
      kind: "unsupported",
      hint: `'tar' and 'dhow import' make an image of ${rootfs.path}`,
    });
  }
  throw new DhowError("the infra container of a pod has no image and no files of its own", { kind: "unsupported" });
}
