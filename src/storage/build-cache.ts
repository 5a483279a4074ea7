import type { Digest } from "../oci/digest.ts";
import type { Compression } from "../oci/media-types.ts";
import type { Database, Schema } from "./database.ts";

/** What a step of a build left, to be found again by the key of everything that went into it. */
export interface CachedStep {
  readonly key: string;
  /** Undefined for a step that changed the config alone: then the entry tells when that was. */
  readonly layer: CachedLayer | undefined;
  /** The instruction, for people. */
  readonly description: string;
  readonly createdAt: Date;
}

/** A layer whose blob and unpacked tree are stored. */
export interface CachedLayer {
  readonly chainId: Digest;
  readonly diffId: Digest;
  readonly digest: Digest;
  /** Bytes of the blob. */
  readonly size: number;
  readonly compression: Compression;
  /** Bytes of the files. */
  readonly contentBytes: number;
}

export interface CacheRecord extends CachedStep {
  readonly usedAt: Date;
  readonly uses: number;
}

export interface BuildCache {
  /** @param notBefore Older entries are left alone. */
  find(key: string, notBefore?: Date): CachedStep | undefined;
  /** Notes that entries were used. */
  touch(keys: readonly string[]): void;
  /** Replaces an entry of that key. Its layer and blob must be stored. */
  put(step: CachedStep): void;
  /** Most recently used first. */
  list(): CacheRecord[];
  /** Removes entries; layers and blobs go with the next garbage collection. */
  remove(keys: readonly string[]): void;
}

export const buildCacheSchema: Schema = {
  name: "build-cache",
  sql: `CREATE TABLE IF NOT EXISTS build_cache (
    key TEXT PRIMARY KEY, chain_id TEXT, diff_id TEXT, digest TEXT, size INTEGER, compression TEXT,
    content_bytes INTEGER, created_at INTEGER NOT NULL, used_at INTEGER NOT NULL, uses INTEGER NOT NULL,
    description TEXT NOT NULL) WITHOUT ROWID`,
};

interface CacheRow {
  readonly key: string;
  readonly chain_id: Digest | null;
  readonly diff_id: Digest | null;
  readonly digest: Digest | null;
  readonly size: number | null;
  readonly compression: Compression | null;
  readonly content_bytes: number | null;
  readonly created_at: number;
  readonly used_at: number;
  readonly uses: number;
  readonly description: string;
}

export function openBuildCache(database: Database): BuildCache {
  const find = (key: string) => database.first<CacheRow>("SELECT * FROM build_cache WHERE key = ?", key);
  return {
    find(key, notBefore) {
      const row = find(key);
      return row && row.created_at >= (notBefore?.getTime() ?? 0) ? fromRow(row) : undefined;
    },
    touch(keys) {
      const now = Date.now();
      database.transaction(() => {
        for (const key of keys)
          database.run("UPDATE build_cache SET used_at = ?, uses = uses + 1 WHERE key = ?", now, key);
      });
    },
    put(step) {
      database.run("INSERT OR REPLACE INTO build_cache VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)", ...toValues(step));
    },
    list: () => database.all<CacheRow>("SELECT * FROM build_cache ORDER BY used_at DESC, key").map(fromRow),
    remove(keys) {
      database.transaction(() => {
        for (const key of keys) database.run("DELETE FROM build_cache WHERE key = ?", key);
      });
    },
  };
}

function toValues({ key, layer, description, createdAt }: CachedStep) {
  const { chainId, diffId, digest, size, compression, contentBytes } = layer ?? {};
  return [
    ...[key, chainId ?? null, diffId ?? null, digest ?? null, size ?? null, compression ?? null],
    ...[contentBytes ?? null, createdAt.getTime(), Date.now(), description],
  ];
}

function fromRow(row: CacheRow): CacheRecord {
  const { chain_id, diff_id, digest, size, compression, content_bytes } = row;
  const hasLayer = chain_id !== null && diff_id !== null && digest !== null;
  return {
    key: row.key,
    layer: hasLayer
      ? {
          ...{ chainId: chain_id, diffId: diff_id, digest, size: size ?? 0 },
          ...{ compression: compression ?? "none", contentBytes: content_bytes ?? 0 },
        }
      : undefined,
    description: row.description,
    createdAt: new Date(row.created_at),
    usedAt: new Date(row.used_at),
    uses: row.uses,
  };
}
