import { DhowError } from "../errors.ts";
import type { Platform } from "../oci/image.ts";
import type { AdditionalStore } from "./additional-stores.ts";
import type { ImageRecord, ImageStore } from "./images.ts";

/**
 * The user's own images, and behind them those of the stores that are only read. An image that is in both counts as the
 * user's own. A name that is given to an image of another store makes a record of it in the user's own; its layers stay
 * where they are.
 */
export function withAdditionalImages(own: ImageStore, stores: () => readonly AdditionalStore[]): ImageStore {
  const owner = ({ id, readOnly }: ImageRecord) =>
    readOnly ? stores().find(({ images }) => images.find(id) !== undefined)?.images : undefined;
  const find = (nameOrId: string, platform?: Platform): ImageRecord | undefined => {
    const found = own.find(nameOrId, platform);
    if (found) return found;
    for (const { images } of stores()) {
      const other = images.find(nameOrId, platform);
      if (other) return own.find(other.id) ?? markReadOnly(other);
    }
    return undefined;
  };
  const findAll = (nameOrId: string): ImageRecord[] => {
    const found = own.findAll(nameOrId);
    if (found.length > 0) return found;
    for (const { images } of stores()) {
      const others = images.findAll(nameOrId);
      if (others.length > 0) return others.map((other) => own.find(other.id) ?? markReadOnly(other));
    }
    return [];
  };
  const refuse = (id: string, doing: string): void => {
    if (own.find(id) === undefined && stores().some(({ images }) => images.find(id))) {
      throw new DhowError(`cannot ${doing} read-only image ${JSON.stringify(id)}`, { kind: "permission-denied" });
    }
  };
  return {
    list: () => mergeLists(own.list(), stores()),
    find,
    findAll,
    findName: (text) => own.findName(text) ?? firstName(stores(), text),
    get(nameOrId, platform) {
      return find(nameOrId, platform) ?? own.get(nameOrId, platform);
    },
    add: (image) => own.add(image),
    setName(name, ids) {
      for (const id of ids) adopt(own, find(id));
      own.setName(name, ids);
    },
    removeName(id, name) {
      refuse(id, "untag");
      own.removeName(id, name);
    },
    remove(id) {
      refuse(id, "remove");
      own.remove(id);
    },
    namesHistory: (id) => own.namesHistory(id),
    blobs: (id) => own.blobs(id),
    config: (image) => (owner(image) ?? own).config(image),
    manifest: (image) => (owner(image) ?? own).manifest(image),
  };
}

function markReadOnly(image: ImageRecord): ImageRecord {
  return { ...image, readOnly: true };
}

/** Newest first, as each of them is. */
function mergeLists(own: readonly ImageRecord[], stores: readonly AdditionalStore[]): ImageRecord[] {
  if (stores.length === 0) return [...own];
  const known = new Set(own.map(({ id }) => id));
  const merged = [...own];
  for (const { images } of stores) {
    for (const image of images.list()) {
      if (known.has(image.id)) continue;
      known.add(image.id);
      merged.push(markReadOnly(image));
    }
  }
  return merged.sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
}

function firstName(stores: readonly AdditionalStore[], text: string): string | undefined {
  for (const { images } of stores) {
    const name = images.findName(text);
    if (name !== undefined) return name;
  }
  return undefined;
}

function adopt(own: ImageStore, image: ImageRecord | undefined): void {
  if (image?.readOnly) {
    own.add({ manifestDigest: image.manifestDigest, names: [], repoDigests: image.repoDigests });
  }
}
