import type { Engine } from "../engine.ts";
import { isKind } from "../errors.ts";
import type { Platform } from "../oci/image.ts";
import type { ImageRecord } from "../storage/images.ts";
import { parseLocation } from "./transport/location.ts";

/**
 * The stored image that a name, id or digest stands for. The default image is made when it is named and not there.
 * @param platform Which one, where a name stands for several; undefined: this machine's, else the newest.
 * @throws {DhowError} `not-found`: "NAME: image not known"; `conflict` if an id prefix fits several.
 */
export async function findImage(engine: Engine, text: string, platform?: Platform): Promise<ImageRecord> {
  const nameOrId = localName(text);
  try {
    return engine.images.get(nameOrId, platform);
  } catch (error) {
    if (!isKind(error, "not-found") || !nameOrId.includes("dhow-busybox")) throw error;
    const { ensureDefaultImage, isDefaultImageName } = await import("./default-image.ts");
    if (isDefaultImageName(nameOrId) && platform === undefined) return ensureDefaultImage(engine);
    throw error;
  }
}

/** Podman's other way to write the name of a stored image. */
function localName(text: string): string {
  const location = text.startsWith("containers-storage:") ? parseLocation(text) : undefined;
  return location?.transport === "containers-storage" ? location.name : text;
}
