import type { Engine } from "../engine.ts";
import { DhowError, isKind } from "../errors.ts";
import type { Platform } from "../oci/image.ts";
import { formatPlatform, matchesPlatform } from "../oci/platform.ts";
import { collectGarbage } from "../storage/garbage.ts";
import type { ImageRecord } from "../storage/images.ts";
import type { ManifestListRecord } from "../storage/manifest-lists.ts";
import { removeAllMounts, userMount } from "../storage/user-mounts.ts";
import { type Family, relateImages } from "./family.ts";
import { isNameless } from "./listed-image.ts";
import { removeList } from "./manifest-list/remove.ts";
import { recordImageEvent } from "./record-event.ts";

export interface RemoveImageOptions {
  /** Removes all names of an image that was given by its id, and first the containers that use it. */
  readonly force: boolean;
  /** Removes all names of an image that was given by its id. */
  readonly allNames: boolean;
  /** Of the images that a name stands for, removes only those; all of them if there is none. */
  readonly platforms?: readonly Platform[];
  /** Leaves nameless images that the image was made of. */
  readonly keepParents?: boolean;
  /** What is known of all images, for whoever removes many. */
  readonly family?: Family;
  /** How a container is removed, with its processes stopped: the image layer knows nothing of that. */
  removeContainer(id: string): Promise<unknown>;
}

export interface RemovedImage {
  readonly untagged: readonly string[];
  /** The ids of the images that no other name keeps, and of which no other image was made. */
  readonly deleted: readonly string[];
}

export type RemoveEngine = Pick<
  Engine,
  "events" | "images" | "containers" | "database" | "leases" | "blobs" | "layers" | "manifestLists" | "paths"
>;

/**
 * Removes a name of an image, and with its last name (or by id) the image, together with nameless images that only it was
 * made of; where a name stands for several images, it is taken from all of them. A manifest list goes in the same way.
 * Layers and blobs stay until `collectImageGarbage`.
 * @throws {DhowError} `not-found`; `conflict` (exit code 2) if containers use it; `conflict` if an id has several names.
 */
export async function removeImage(
  engine: RemoveEngine,
  nameOrId: string,
  options: RemoveImageOptions,
): Promise<RemovedImage> {
  const list = engine.manifestLists.find(nameOrId);
  if (list) return removeListOrName(engine, list, nameOrId);
  engine.images.get(nameOrId);
  const name = engine.images.findName(nameOrId);
  const untagged = new Set<string>();
  const deleted: string[] = [];
  for (const image of chooseImages(engine.images.findAll(nameOrId), nameOrId, options.platforms ?? [])) {
    refuseReadOnly(image);
    const spare = findSpareName(image, name, options.force ? "" : nameOrId);
    if (spare !== undefined) {
      engine.images.removeName(image.id, spare);
      recordImageEvent(engine, image, "untag", spare);
      untagged.add(spare);
      continue;
    }
    if (name === undefined) refuseSeveralNames(image, nameOrId, options);
    deleted.push(...(await removeWithParents(engine, image, options)));
    for (const gone of image.names.length > 0 ? image.names : image.repoDigests) untagged.add(gone);
  }
  return { untagged: [...untagged], deleted };
}

/**
 * What an image can lose and still have a name: a name if it has several, or a `repository@digest` that a text like
 * `alpine@sha256:...` stands for.
 */
function findSpareName(
  { names, repoDigests }: ImageRecord,
  name: string | undefined,
  given: string,
): string | undefined {
  if (name !== undefined) return names.length > 1 ? name : undefined;
  const at = given.indexOf("@");
  if (at < 0 || names.length === 0) return undefined;
  const fitting = repoDigests.filter((repoDigest) => repoDigest.endsWith(given.slice(at)));
  return fitting.find((repoDigest) => given.startsWith(repoDigest.slice(0, repoDigest.indexOf("@")))) ?? fitting[0];
}

function removeListOrName(engine: RemoveEngine, list: ManifestListRecord, nameOrId: string): RemovedImage {
  const name = engine.images.findName(nameOrId);
  if (name === undefined || list.names.length < 2) return removeList(engine, list);
  engine.manifestLists.removeName(list.id, name);
  recordImageEvent(engine, list, "untag", name);
  return { untagged: [name], deleted: [] };
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

function refuseReadOnly({ readOnly, id }: ImageRecord): void {
  if (!readOnly) return;
  throw new DhowError(`cannot remove read-only image ${JSON.stringify(id)}`, { kind: "permission-denied" });
}

function refuseSeveralNames({ id, names }: ImageRecord, given: string, options: RemoveImageOptions): void {
  if (options.force || options.allNames || names.length < 2) return;
  const way = given.includes("@") ? "digest" : "ID";
  throw new DhowError(
    `unable to delete image "${id}" by ${way} with more than one tag ([${names.join(" ")}]): please force removal`,
    { kind: "conflict" },
  );
}

/** @returns The ids of what is gone for good. */
async function removeWithParents(
  engine: RemoveEngine,
  image: ImageRecord,
  options: RemoveImageOptions,
): Promise<string[]> {
  refuseReadOnly(image);
  if (options.force) await removeUsers(engine, image, options);
  const family = options.family ?? relateImages(engine, engine.images.list());
  const hasChildren = (one: ImageRecord) => family.childrenOf(one).some(({ id }) => engine.images.find(id));
  const parent = family.parentOf(image);
  // What another image was made of is still there as a part of that one.
  const deleted = hasChildren(image) ? [] : [image.id];
  engine.images.remove(image.id);
  removeAllMounts(userMount(engine.paths.run, "images", image.id));
  for (const name of image.names) recordImageEvent(engine, image, "untag", name);
  recordImageEvent(engine, image, "remove", image.id);
  if (!parent || options.keepParents || !engine.images.find(parent.id)) return deleted;
  if (!isNameless(parent) || isUsed(engine, parent) || hasChildren(parent)) return deleted;
  return [...deleted, ...(await removeWithParents(engine, parent, { ...options, force: false }))];
}

function isUsed({ containers, manifestLists }: RemoveEngine, { id, manifestDigest }: ImageRecord): boolean {
  return containers.countByImage().has(id) || manifestLists.instanceDigests().has(manifestDigest);
}

/** Removes what no image and no container needs any more from the disk. @returns Bytes of the removed layers and blobs. */
export function collectImageGarbage({
  paths,
  database,
  leases,
  blobs,
  layers,
}: Pick<Engine, "paths" | "database" | "leases" | "blobs" | "layers">): number {
  return collectGarbage({ dataDirectory: paths.data, database, leases, blobs, layers });
}

async function removeUsers(engine: RemoveEngine, image: ImageRecord, options: RemoveImageOptions): Promise<void> {
  for (const { id, config } of engine.containers.list()) {
    if (config.imageId !== image.id && !config.mounts.some(({ imageId }) => imageId === image.id)) continue;
    try {
      await options.removeContainer(id);
    } catch (error) {
      if (!isKind(error, "not-found")) throw error;
    }
  }
}
