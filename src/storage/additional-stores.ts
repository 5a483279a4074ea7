import { accessSync, constants, existsSync, statSync } from "node:fs";
import { DhowError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import type { BlobStore } from "./blobs.ts";
import type { Database } from "./database.ts";
import { type ImageStore, openImages } from "./images.ts";
import { findLayer, type LayerKind, type LayerRecord } from "./layers.ts";
import { openDatabaseReadOnly } from "./read-only-database.ts";

/** A store of somebody else, whose images are used and never changed. */
export interface AdditionalStore {
  /** Its data folder. */
  readonly directory: string;
  readonly images: Pick<ImageStore, "list" | "find" | "findAll" | "findName" | "config" | "manifest">;
  findLayer(chainId: Digest, kind: LayerKind): LayerRecord | undefined;
}

export interface AdditionalStoreOptions {
  /** Where to look; what is no store of dhow's is passed over. */
  readonly candidates: readonly string[];
  /** Those that the user named for this command: what is wrong with them is an error. */
  readonly required: readonly string[];
  warn(message: string): void;
}

/**
 * Opens the stores, each once. Nothing in them is ever written.
 * @throws {DhowError} `not-found`, `permission-denied` or `conflict` for a required store that cannot be used.
 */
export function openAdditionalStores({ candidates, required, warn }: AdditionalStoreOptions): AdditionalStore[] {
  const stores: AdditionalStore[] = [];
  for (const directory of new Set([...required, ...candidates])) {
    const isRequired = required.includes(directory);
    if (!isRequired && !existsSync(`${directory}/state.db`)) continue;
    try {
      requireUsable(directory);
      stores.push(open(directory));
    } catch (error) {
      if (isRequired || !(error instanceof DhowError)) throw error;
      warn(`${error.message}${error.hint === undefined ? "" : `: ${error.hint}`}`);
    }
  }
  return stores;
}

/** Ids without a meaning in our namespace look like this one. */
const unmappedId = 65534;

function requireUsable(directory: string): void {
  const file = `${directory}/state.db`;
  try {
    accessSync(file, constants.R_OK);
  } catch (cause) {
    throw new DhowError(`cannot use the image store ${directory}: there is no ${file} that you may read`, {
      kind: "not-found",
      cause,
    });
  }
  if (statSync(file).uid !== unmappedId) return;
  throw new DhowError(
    `cannot use the image store ${directory}: its files belong to ids that your containers do not have`,
    {
      kind: "permission-denied",
      hint: "root can share it with you: dhow --root STORE system share-images USER",
    },
  );
}

function open(directory: string): AdditionalStore {
  const database: Database = openDatabaseReadOnly(`${directory}/state.db`);
  const unused = (): never => {
    throw new Error("a read-only store was asked to write");
  };
  const blobs = { read: unused } as unknown as BlobStore;
  return {
    directory,
    images: openImages({ database, blobs, layers: unused }),
    findLayer(chainId, kind) {
      const layer = findLayer(database, chainId, kind);
      return layer && { ...layer, store: directory };
    },
  };
}
