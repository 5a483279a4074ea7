import { chmodSync, chownSync, mkdirSync, renameSync, statSync } from "node:fs";
import { DhowError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { writeFileAtomic } from "../system/files.ts";
import { runProgramAsync } from "../system/process.ts";
import type { Database, Schema } from "./database.ts";
import { randomHex } from "./hash.ts";
import type { Leases } from "./leases.ts";
import type { Locks } from "./locks.ts";
import { newTemporaryPath, readdirOrEmpty, removeTree } from "./temporary.ts";

/** An unpacked layer: `layers/ID/diff`, complete and never changed again. */
export interface LayerRecord {
  /** OCI chain id: names the layer together with everything below it. */
  readonly chainId: Digest;
  readonly parent: Digest | undefined;
  readonly diffId: Digest;
  /** Short unique folder name under `layers/` (16 hex digits), so that 120 of them fit in one page of mount options. */
  readonly id: string;
  /** Bytes of the unpacked regular files. */
  readonly sizeBytes: number;
  readonly createdAt: Date;
  /** The data folder of the read-only store that it lies in; undefined for the user's own. */
  readonly store?: string;
}

/**
 * What a layer's folder holds: `overlay`, its own changes, with overlayfs whiteouts; `merged`, the whole tree with
 * everything below it, which is what the vfs driver needs.
 */
export type LayerKind = "overlay" | "merged";

export interface LayerStore {
  /** How `unpack` must write deletions: as whiteouts, or by removing the files from the parent's copy it finds. */
  readonly kind: LayerKind;
  find(chainId: Digest): LayerRecord | undefined;
  /** All layers of this store's kind. */
  list(): LayerRecord[];
  /** The layers from `chainId` down to the base; top first. @throws {DhowError} `not-found`. */
  chain(chainId: Digest): LayerRecord[];
  /** Absolute path of the unpacked tree. */
  diffPath(layer: LayerRecord): string;
  /**
   * Adds a layer unless it is there: makes a temporary folder, lets `unpack` fill `folder/diff`, then publishes it atomically.
   * Parallel adders of one layer: one unpacks, the others wait for it or find it done. The parent must be there.
   * Garbage collection spares the layer as long as this process lives.
   */
  add(
    layer: { chainId: Digest; parent: Digest | undefined; diffId: Digest },
    unpack: (diffDirectory: string) => Promise<{ sizeBytes: number }>,
  ): Promise<LayerRecord>;
  /**
   * Keeps layers from being collected as garbage, those that come later included, until disposed of or until this
   * process ends. Call it before skipping the download of layers that `find` returned.
   */
  reserve(chainIds: readonly Digest[]): Disposable;
  /** Layers, of any kind, that `collectGarbage` would remove now. */
  listGarbage(): LayerRecord[];
  /** Removes layers that no image and no container needs. @returns Bytes freed. */
  collectGarbage(): number;
}

/** @see https://github.com/opencontainers/image-spec/blob/v1.1.0/config.md#layer-chainid */
export type ChainIdOf = (parent: Digest | undefined, diffId: Digest) => Digest;

export const layersSchema: Schema = {
  name: "layers",
  sql: `CREATE TABLE IF NOT EXISTS layers (
    chain_id TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL UNIQUE, parent TEXT, diff_id TEXT NOT NULL,
    size_bytes INTEGER NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY (chain_id, kind)) WITHOUT ROWID`,
  // What it takes on the disk, once it was measured.
  changes: [{ since: 6, sql: "ALTER TABLE layers ADD COLUMN disk_bytes INTEGER" }],
};

interface LayerRow {
  readonly chain_id: Digest;
  readonly id: string;
  readonly parent: Digest | null;
  readonly diff_id: Digest;
  readonly size_bytes: number;
  readonly created_at: number;
}

export interface LayerStoreParts {
  readonly dataDirectory: string;
  readonly database: Database;
  readonly locks: Locks;
  readonly leases: Leases;
  readonly kind: LayerKind;
  /** Looks for a layer in stores that are only read. */
  readonly findElsewhere?: (chainId: Digest, kind: LayerKind) => LayerRecord | undefined;
}

/** Finds the record of a layer in one store's database. */
export function findLayer(database: Database, chainId: Digest, kind: LayerKind): LayerRecord | undefined {
  const row = database.first<LayerRow>("SELECT * FROM layers WHERE chain_id = ? AND kind = ?", chainId, kind);
  return row && fromRow(row);
}

export function openLayers(parts: LayerStoreParts): LayerStore {
  const { dataDirectory, database, locks, leases, kind, findElsewhere } = parts;
  const find = (chainId: Digest): LayerRecord | undefined =>
    findLayer(database, chainId, kind) ?? findElsewhere?.(chainId, kind);
  const diffPath = (layer: LayerRecord) => `${layer.store ?? dataDirectory}/layers/${layer.id}/diff`;

  return {
    kind,
    find,
    list: () => database.all<LayerRow>("SELECT * FROM layers WHERE kind = ?", kind).map(fromRow),
    diffPath,
    chain(chainId) {
      const chain: LayerRecord[] = [];
      for (let next: Digest | undefined = chainId; next !== undefined; next = chain.at(-1)?.parent) {
        const layer = find(next);
        if (!layer) throw missingLayer(next);
        chain.push(layer);
      }
      return chain;
    },
    async add(layer, unpack) {
      leases.take([layer.chainId]);
      return (
        find(layer.chainId) ??
        locks.withLock(`layer:${kind}:${layer.chainId}`, async () => {
          const present = find(layer.chainId);
          if (present) return present;
          const parent = layer.parent && find(layer.parent);
          if (layer.parent && !parent) throw missingLayer(layer.parent);
          await build(parts, { ...layer, parentDiff: parent && diffPath(parent) }, unpack);
          return find(layer.chainId) as LayerRecord;
        })
      );
    },
    reserve: (chainIds) => leases.take(chainIds),
    listGarbage: () => database.transaction(() => splitLayers(parts).doomed.map(fromRow)),
    collectGarbage: () => collectLayers(parts),
  };
}

function missingLayer(chainId: Digest): DhowError {
  return new DhowError(`layer ${chainId} is not stored for this storage driver`, {
    kind: "not-found",
    hint: "pull the image again",
  });
}

interface NewLayer {
  readonly chainId: Digest;
  readonly parent: Digest | undefined;
  readonly diffId: Digest;
  readonly parentDiff: string | undefined;
}

async function build(
  { dataDirectory, database, kind }: LayerStoreParts,
  layer: NewLayer,
  unpack: (diffDirectory: string) => Promise<{ sizeBytes: number }>,
): Promise<void> {
  const id = randomHex(8);
  const folder = newTemporaryPath(dataDirectory);
  const diff = `${folder}/diff`;
  mkdirSync(diff, { recursive: true, mode: 0o700 });
  try {
    await startTree(diff, layer.parentDiff, kind);
    const { sizeBytes } = await unpack(diff);
    const createdAt = Date.now();
    const { chainId, parent, diffId } = layer;
    writeFileAtomic(`${folder}/layer.json`, JSON.stringify({ chainId, kind, parent, diffId, sizeBytes, createdAt }));
    mkdirSync(`${dataDirectory}/layers`, { recursive: true, mode: 0o700 });
    // One step for whoever collects garbage: a folder without its row is garbage.
    database.transaction(() => {
      renameSync(folder, `${dataDirectory}/layers/${id}`);
      database.run(
        "INSERT INTO layers (chain_id, kind, id, parent, diff_id, size_bytes, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        ...[chainId, kind, id, parent ?? null, diffId, sizeBytes, createdAt],
      );
    });
  } catch (error) {
    removeTree(folder);
    throw error;
  }
}

/** The root directory of a layer that says nothing about it looks like the one below. */
async function startTree(diff: string, parentDiff: string | undefined, kind: LayerKind): Promise<void> {
  if (parentDiff === undefined) {
    chmodSync(diff, 0o755);
  } else if (kind === "merged") {
    await runProgramAsync(["cp", "-a", "--reflink=auto", `${parentDiff}/.`, diff]);
  } else {
    const { uid, gid, mode } = statSync(parentDiff);
    chownSync(diff, uid, gid);
    chmodSync(diff, mode & 0o7777);
  }
}

function collectLayers(parts: LayerStoreParts): number {
  const { dataDirectory, database } = parts;
  const moved: string[] = [];
  const freed = database.transaction(() => {
    const { needed, doomed } = splitLayers(parts);
    for (const { id } of doomed) database.run("DELETE FROM layers WHERE id = ?", id);
    const kept = new Set(needed.map(({ id }) => id));
    for (const folder of readdirOrEmpty(`${dataDirectory}/layers`)) {
      if (kept.has(folder)) continue;
      const temporary = newTemporaryPath(dataDirectory);
      renameSync(`${dataDirectory}/layers/${folder}`, temporary);
      moved.push(temporary);
    }
    return doomed.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
  });
  for (const folder of moved) removeTree(folder);
  return freed;
}

const cachedChains = "SELECT chain_id FROM build_cache WHERE chain_id IS NOT NULL";

/** Call it inside of a transaction. */
function splitLayers({ database, leases }: LayerStoreParts): { needed: LayerRow[]; doomed: LayerRow[] } {
  const rows = database.all<LayerRow>("SELECT * FROM layers");
  const chains = neededChains(rows, [
    ...database.all<{ top_layer: string | null }>("SELECT top_layer FROM images").map((row) => row.top_layer),
    ...database.all<{ chain_id: string }>(cachedChains).map((row) => row.chain_id),
    ...leases.alive(),
  ]);
  return {
    needed: rows.filter((row) => chains.has(row.chain_id)),
    doomed: rows.filter((row) => !chains.has(row.chain_id)),
  };
}

function neededChains(rows: readonly LayerRow[], tops: readonly (string | null)[]): Set<string> {
  const parents = new Map(rows.map((row) => [row.chain_id as string, row.parent]));
  const needed = new Set<string>();
  for (const top of tops) {
    for (let next: string | null | undefined = top; next && !needed.has(next); next = parents.get(next))
      needed.add(next);
  }
  return needed;
}

function fromRow(row: LayerRow): LayerRecord {
  return {
    chainId: row.chain_id,
    parent: row.parent ?? undefined,
    diffId: row.diff_id,
    id: row.id,
    sizeBytes: row.size_bytes,
    createdAt: new Date(row.created_at),
  };
}
