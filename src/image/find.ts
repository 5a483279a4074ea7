import { resolve } from "node:path";
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
  const nameOrId = localName(engine, text);
  try {
    return engine.images.get(nameOrId, platform);
  } catch (error) {
    if (!isKind(error, "not-found") || !nameOrId.includes("dhow-busybox")) throw error;
    const { ensureDefaultImage, isDefaultImageName } = await import("./default-image.ts");
    if (isDefaultImageName(nameOrId) && platform === undefined) return ensureDefaultImage(engine);
    throw error;
  }
}

/** Whether an image or a manifest list is stored that a name, id or digest stands for. */
export function isStored(engine: Engine, text: string): boolean {
  const nameOrId = localName(engine, text);
  return (engine.images.find(nameOrId) ?? engine.manifestLists.find(nameOrId)) !== undefined;
}

/** Podman's other ways to write the name of a stored image: `containers-storage:NAME`, `[driver@root+runroot]NAME`. */
function localName({ paths }: Engine, text: string): string {
  const [, root, name] = /^(?:containers-storage:)?\[(?:[^@\]]*@)?([^+\]]+)[^\]]*\](.+)$/.exec(text) ?? [];
  if (root !== undefined && name !== undefined && resolve(root) === resolve(paths.data)) return name;
  const location = text.startsWith("containers-storage:") ? parseLocation(text) : undefined;
  return location?.transport === "containers-storage" ? location.name : text;
}
