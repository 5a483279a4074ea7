import type { Engine } from "../engine.ts";
import { DhowError, isKind } from "../errors.ts";
import type { Platform } from "../oci/image.ts";
import { formatPlatform, matchesPlatform } from "../oci/platform.ts";
import { collectGarbage } from "../storage/garbage.ts";
import type { ImageRecord } from "../storage/images.ts";
import { recordImageEvent } from "./record-event.ts";

export interface RemoveImageOptions {
  /** Removes all names of an image that was given by its id, and first the containers that use it. */
  readonly force: boolean;
  /** Removes all names of an image that was given by its id. */
  readonly allNames: boolean;
  /** Of the images that a name stands for, removes only those; all of them if there is none. */
  readonly platforms?: readonly Platform[];
  /** How a container is removed, with its processes stopped: the image layer knows nothing of that. */
  removeContainer(id: string): Promise<unknown>;
}

export interface RemovedImage {
  readonly untagged: readonly string[];
  /** The ids of the images that no other name keeps. */
  readonly deleted: readonly string[];
}

export type RemoveEngine = Pick<
  Engine,
  "events" | "images" | "containers" | "database" | "leases" | "blobs" | "layers" | "paths"
>;

/**
 * Removes a name of an image, and with its last name (or by id) the image; where a name stands for several images, it is
 * taken from all of them. Layers and blobs stay until `collectImageGarbage`.
 * @throws {DhowError} `not-found`; `conflict` (exit code 2) if containers use it; `conflict` if an id has several names.
 */
export async function removeImage(
  engine: RemoveEngine,
  nameOrId: string,
  options: RemoveImageOptions,
): Promise<RemovedImage> {
  engine.images.get(nameOrId);
  const name = engine.images.findName(nameOrId);
  const untagged = new Set<string>();
  const deleted: string[] = [];
  for (const image of chooseImages(engine.images.findAll(nameOrId), nameOrId, options.platforms ?? [])) {
    if (name !== undefined && image.names.length > 1) {
      engine.images.removeName(image.id, name);
      recordImageEvent(engine, image, "untag", name);
      untagged.add(name);
      continue;
    }
    await removeRecord(engine, image, { ...options, allNames: options.allNames || name !== undefined });
    for (const gone of image.names.length > 0 ? image.names : image.repoDigests) untagged.add(gone);
    deleted.push(image.id);
  }
  return { untagged: [...untagged], deleted };
}

function chooseImages(
  images: readonly ImageRecord[],
  nameOrId: string,
  platforms: readonly Platform[],
): readonly ImageRecord[] {
  if (platforms.length === 0) return images;
  const chosen = images.filter((image) => platforms.some((platform) => matchesPlatform(image, platform)));
  if (chosen.length > 0) return chosen;
  throw new DhowError(`${nameOrId}: image not known for ${platforms.map(formatPlatform).join(", ")}`, {
    kind: "not-found",
  });
}

async function removeRecord(engine: RemoveEngine, image: ImageRecord, options: RemoveImageOptions): Promise<void> {
  if (!options.force && !options.allNames && image.names.length > 1) {
    throw new DhowError(
      `unable to delete image "${image.id}" by ID with more than one tag ([${image.names.join(" ")}]): please force removal`,
      { kind: "conflict" },
    );
  }
  if (options.force) await removeUsers(engine, image, options);
  engine.images.remove(image.id);
  for (const name of image.names) recordImageEvent(engine, image, "untag", name);
  recordImageEvent(engine, image, "remove", image.id);
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
