import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { type Digest, digestHex } from "../oci/digest.ts";
import type { BlobStore } from "./blobs.ts";
import type { Database } from "./database.ts";
import type { LayerStore } from "./layers.ts";
import type { Leases } from "./leases.ts";
import { readdirOrEmpty } from "./temporary.ts";

export interface StoreParts {
  readonly dataDirectory: string;
  readonly database: Database;
  readonly leases: Leases;
  readonly blobs: BlobStore;
  readonly layers: LayerStore;
}

/** What is wrong with what is stored of images. */
export interface StoreFaults {
  /** What SQLite says about its file. */
  readonly database: readonly string[];
  /** Digests of files that do not hold what their name says. */
  readonly corruptBlobs: readonly Digest[];
  /** Layers in the database whose folder is gone, by chain id. */
  readonly lostLayers: readonly string[];
  /** Layers that no image needs and nobody works with, and that are older than asked for, by chain id. */
  readonly idleLayers: readonly string[];
  /** Folders of layers and containers that no record names. */
  readonly strayFolders: readonly string[];
  /** Images of which something is missing that is stored nowhere else, and what. */
  readonly images: readonly { readonly id: string; readonly reason: string }[];
  /** Artifacts of which something is missing, and what. */
  readonly artifacts: readonly { readonly name: string; readonly reason: string }[];
}

export interface StoreCheckOptions {
  /** Leaves out what reads all content. */
  readonly quick: boolean;
  readonly maxAgeMs: number;
}

/** Looks for damage; changes nothing. */
export function checkStore(parts: StoreParts, { quick, maxAgeMs }: StoreCheckOptions): StoreFaults {
  const { database, blobs, layers } = parts;
  const pragma = quick ? "PRAGMA quick_check" : "PRAGMA integrity_check";
  const said = database.all<Record<string, string>>(pragma).map((row) => Object.values(row)[0] ?? "");
  const corruptBlobs = quick ? [] : blobs.list().filter((digest) => isCorrupt(blobs.path(digest), digest));
  const lostLayers = findLostLayers(parts);
  return {
    database: said.filter((text) => text !== "ok"),
    corruptBlobs,
    lostLayers,
    idleLayers: layers
      .listGarbage()
      .filter(({ createdAt }) => Date.now() - createdAt.getTime() > maxAgeMs)
      .map(({ chainId }) => chainId),
    strayFolders: findStrayFolders(parts),
    images: findDamagedImages(parts, new Set(corruptBlobs), new Set(lostLayers)),
    artifacts: findDamagedArtifacts(parts, new Set(corruptBlobs)),
  };
}

const bufferSize = 1 << 20;

function isCorrupt(path: string, digest: Digest): boolean {
  const hash = createHash("sha256");
  try {
    const file = openSync(path, "r");
    try {
      const buffer = Buffer.allocUnsafe(bufferSize);
      for (let size = readSync(file, buffer); size > 0; size = readSync(file, buffer))
        hash.update(buffer.subarray(0, size));
    } finally {
      closeSync(file);
    }
  } catch {
    // Somebody has removed it meanwhile; a file that cannot be read shows as missing from its images.
    return false;
  }
  return hash.digest("hex") !== digestHex(digest);
}

function findLostLayers({ database, dataDirectory, layers }: StoreParts): string[] {
  return database
    .all<{ chain_id: string; id: string }>("SELECT chain_id, id FROM layers WHERE kind = ?", layers.kind)
    .filter(({ id }) => !isDirectory(`${dataDirectory}/layers/${id}/diff`))
    .map((row) => row.chain_id);
}

/** Folders first, then records: what is made in between has a record. */
function findStrayFolders({ dataDirectory, database }: StoreParts): string[] {
  const folders = (name: string) => readdirOrEmpty(`${dataDirectory}/${name}`);
  const [layers, containers] = [folders("layers"), folders("containers")];
  const known = new Set(
    [
      ...database.all<{ id: string }>("SELECT id FROM layers"),
      ...database.all<{ id: string }>("SELECT id FROM containers"),
    ].map(({ id }) => id),
  );
  return [
    ...layers.filter((id) => !known.has(id)).map((id) => `${dataDirectory}/layers/${id}`),
    ...containers.filter((id) => !known.has(id)).map((id) => `${dataDirectory}/containers/${id}`),
  ].filter((path) => existsSync(path));
}

/** A layer can be unpacked again from its blob, and an unpacked layer does without it until the image is pushed. */
function findDamagedImages(
  { database, blobs }: StoreParts,
  corrupt: ReadonlySet<string>,
  lost: ReadonlySet<string>,
): { id: string; reason: string }[] {
  const damaged = new Map<string, string>();
  for (const row of database.all<{ image_id: string; digest: Digest }>("SELECT image_id, digest FROM image_blobs")) {
    const reason = faultOf(blobs, row.digest, corrupt);
    if (reason !== undefined) damaged.set(row.image_id, reason);
  }
  for (const { id, top_layer } of database.all<{ id: string; top_layer: string | null }>(
    "SELECT id, top_layer FROM images",
  )) {
    const missing = damaged.has(id) ? lostBelow(database, top_layer, lost) : undefined;
    if (missing !== undefined) damaged.set(id, `its layer ${missing} is gone, and ${damaged.get(id)}`);
  }
  return [...damaged].map(([id, reason]) => ({ id, reason }));
}

function findDamagedArtifacts(
  { database, blobs }: StoreParts,
  corrupt: ReadonlySet<string>,
): { name: string; reason: string }[] {
  const damaged = new Map<string, string>();
  for (const { name, digest } of database.all<{ name: string; digest: Digest }>("SELECT * FROM artifact_blobs")) {
    const reason = faultOf(blobs, digest, corrupt);
    if (reason !== undefined) damaged.set(name, reason);
  }
  return [...damaged].map(([name, reason]) => ({ name, reason }));
}

function faultOf(blobs: StoreParts["blobs"], digest: Digest, corrupt: ReadonlySet<string>): string | undefined {
  if (corrupt.has(digest)) return `its blob ${digest} has changed on disk`;
  return blobs.findSize(digest) === undefined ? `its blob ${digest} is not stored` : undefined;
}

function lostBelow(database: Database, top: string | null, lost: ReadonlySet<string>): string | undefined {
  for (let chain = top; chain !== null; ) {
    if (lost.has(chain)) return chain;
    chain =
      database.first<{ parent: string | null }>("SELECT parent FROM layers WHERE chain_id = ?", chain)?.parent ?? null;
  }
  return undefined;
}

/** Forgets layers whose folders are gone: they are unpacked again from their blobs when they are needed. */
export function forgetLayers(
  { database, layers }: Pick<StoreParts, "database" | "layers">,
  chains: readonly string[],
): void {
  for (const chain of chains) database.run("DELETE FROM layers WHERE chain_id = ? AND kind = ?", chain, layers.kind);
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
