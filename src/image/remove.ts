import type { Engine } from "../engine.ts";
import { DhowError, isKind } from "../errors.ts";
import { collectGarbage } from "../storage/garbage.ts";
import type { ImageRecord } from "../storage/images.ts";
import { recordImageEvent } from "./record-event.ts";

export interface RemoveImageOptions {
  /** Removes all names of an image that was given by its id, and first the containers that use it. */
  readonly force: boolean;
  /** Removes all names of an image that was given by its id. */
  readonly allNames: boolean;
  /** How a container is removed, with its processes stopped: the image layer knows nothing of that. */
  removeContainer(id: string): Promise<unknown>;
}

export interface RemovedImage {
  readonly untagged: readonly string[];
  /** The id, unless other names keep the image. */
  readonly deleted: string | undefined;
}

export type RemoveEngine = Pick<
  Engine,
  "events" | "images" | "containers" | "database" | "leases" | "blobs" | "layers" | "paths"
>;

/**
 * Removes a name of an image, and with its last name (or by id) the image. Its layers and blobs stay until
 * `collectImageGarbage`.
 * @throws {DhowError} `not-found`; `conflict` (exit code 2) if containers use it; `conflict` if an id has several names.
 */
export async function removeImage(
  engine: RemoveEngine,
  nameOrId: string,
  options: RemoveImageOptions,
): Promise<RemovedImage> {
  const image = engine.images.get(nameOrId);
  const name = engine.images.findName(nameOrId);
  if (name !== undefined && image.names.length > 1) {
    engine.images.removeName(image.id, name);
    recordImageEvent(engine, image, "untag", name);
    return { untagged: [name], deleted: undefined };
  }
  if (!options.force && !options.allNames && name === undefined && image.names.length > 1) {
    throw new DhowError(
      `unable to delete image "${image.id}" by ID with more than one tag ([${image.names.join(" ")}]): please force removal`,
      { kind: "conflict" },
    );
  }
  if (options.force) await removeUsers(engine, image, options);
  engine.images.remove(image.id);
  for (const removed of image.names) recordImageEvent(engine, image, "untag", removed);
  recordImageEvent(engine, image, "remove", image.id);
  return { untagged: image.names.length > 0 ? image.names : image.repoDigests, deleted: image.id };
}

/** Removes what no image and no container needs any more from the disk. */
export function collectImageGarbage({ paths, database, leases, blobs, layers }: RemoveEngine): void {
  collectGarbage({ dataDirectory: paths.data, database, leases, blobs, layers });
}

async function removeUsers(engine: RemoveEngine, image: ImageRecord, options: RemoveImageOptions): Promise<void> {
  for (const { id, config } of engine.containers.list()) {
    if (config.imageId !== image.id) continue;
    try {
      await options.removeContainer(id);
    } catch (error) {
      if (!isKind(error, "not-found")) throw error;
    }
  }
}
