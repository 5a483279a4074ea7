import { renameSync, statSync } from "node:fs";
import type { Engine } from "../engine.ts";
import { collectImageGarbage } from "../image/remove.ts";
import type { CacheRecord } from "../storage/build-cache.ts";
import { measureFolders } from "../storage/disk-usage.ts";
import { newTemporaryPath, readdirOrEmpty, removeTree } from "../storage/temporary.ts";
import { cacheMountFolder, cacheMountLease } from "./cache-mounts.ts";
import { sweepLeftovers } from "./run/leftovers.ts";

export interface PruneCacheOptions {
  /** Removes also what images are made of, whose layers stay with them, and the caches of RUN --mount=type=cache. */
  readonly all: boolean;
  /** Removes only what was not used since. */
  readonly until: Date | undefined;
  /** Removes what was not used for the longest time until no more than that is left; undefined for all that may go. */
  readonly keepBytes: number | undefined;
}

export interface PrunedCache {
  /** Keys of the entries. */
  readonly removed: readonly string[];
  readonly freedBytes: number;
}

/**
 * Removes results of earlier builds. Safe beside builds that run: what they have found stays.
 */
export function pruneBuildCache(engine: Engine, options: PruneCacheOptions): PrunedCache {
  sweepLeftovers(engine);
  const records = engine.buildCache.list();
  const inImages = options.all ? new Set<string>() : layersOfImages(engine);
  const mayGo = records.filter(
    ({ layer, usedAt }) =>
      !(layer !== undefined && inImages.has(layer.chainId)) && (options.until === undefined || usedAt < options.until),
  );
  const doomed = options.keepBytes === undefined ? mayGo : beyond(records, mayGo, options.keepBytes);
  engine.buildCache.remove(doomed.map(({ key }) => key));
  const mountBytes = options.all ? pruneMounts(engine, options.until) : 0;
  return { removed: doomed.map(({ key }) => key), freedBytes: collectImageGarbage(engine) + mountBytes };
}

function layersOfImages({ images, layers }: Engine): Set<string> {
  const used = new Set<string>();
  for (const { topLayer } of images.list()) {
    if (topLayer === undefined || used.has(topLayer)) continue;
    for (
      let next = layers.find(topLayer);
      next && !used.has(next.chainId);
      next = next.parent && layers.find(next.parent)
    )
      used.add(next.chainId);
  }
  return used;
}

/** What goes so that the rest is small enough, used last first in both lists. */
function beyond(all: readonly CacheRecord[], mayGo: readonly CacheRecord[], keepBytes: number): CacheRecord[] {
  const size = ({ layer }: CacheRecord) => layer?.contentBytes ?? 0;
  let total = all.reduce((sum, record) => sum + size(record), 0);
  const doomed: CacheRecord[] = [];
  for (const record of [...mayGo].reverse()) {
    if (total <= keepBytes) break;
    total -= size(record);
    doomed.push(record);
  }
  return doomed;
}

function pruneMounts(engine: Engine, until: Date | undefined): number {
  const folder = cacheMountFolder(engine);
  const moved = engine.database.transaction(() => {
    const used = engine.leases.alive();
    const names = readdirOrEmpty(folder).filter((name) => !used.has(cacheMountLease(name)));
    return names.flatMap((name) => {
      const path = `${folder}/${name}`;
      if (until !== undefined && statSync(path).mtime >= until) return [];
      const temporary = newTemporaryPath(engine.paths.data);
      renameSync(path, temporary);
      return [temporary];
    });
  });
  const bytes = measureFolders(moved).reduce((sum, size) => sum + size, 0);
  for (const path of moved) removeTree(path);
  return bytes;
}
