import { pruneContainers } from "../container/prune.ts";
import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { type PrunedImages, pruneImages } from "../image/prune.ts";
import { collectImageGarbage } from "../image/remove.ts";
import type { Filters } from "../model/filters.ts";
import { parsePointInTime } from "../model/point-in-time.ts";
import { prunePods } from "../pod/prune.ts";
import { measureFolders } from "../storage/disk-usage.ts";
import { makeRoom } from "../storage/reserve.ts";
import { pruneNetworks } from "../user-network/remove.ts";
import { findUnusedVolumes, pruneVolumes } from "../volume/remove.ts";

export interface PruneSystemOptions {
  /** Removes all images without a container, not only those that nobody can name. */
  readonly all: boolean;
  readonly filters: Filters;
  /** Removes volumes that no container uses, those with a name as well. */
  readonly volumes: boolean;
  /** Removes the results of builds. */
  readonly buildCache: boolean;
}

export interface PrunedSystem {
  readonly containers: readonly string[];
  readonly pods: readonly string[];
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
  readonly images: readonly string[];
  /** Bytes that are free on the disk now. */
  readonly freedBytes: number;
  readonly failures: readonly unknown[];
}

const knownFilters = ["label", "label!", "until"];

/** Room for removing things, on a disk that is full. Call it before anything else of the engine is used. */
export function prepareForRemoval({ paths }: Pick<Engine, "paths">): void {
  makeRoom(paths.data);
}

/**
 * Removes pods that have stopped and containers that do not run, then the networks, volumes and images that nobody needs.
 * Goes on after failures.
 * @throws {DhowError} `invalid-argument` for a filter that does not exist here.
 */
export async function pruneSystem(engine: Engine, options: PruneSystemOptions): Promise<PrunedSystem> {
  for (const key of options.filters.keys()) {
    if (!knownFilters.includes(key)) throw new DhowError(`${key} is an invalid filter`, { kind: "invalid-argument" });
  }
  const pods = options.filters.size === 0 ? await prunePods(engine) : { removed: [], failures: [] };
  const { removed, failures } = await pruneContainers(engine, options.filters);
  const volumes = options.volumes ? await removeVolumes(engine, options.filters) : { names: [], freedBytes: 0 };
  const images: PrunedImages = await pruneImages(engine, options);
  const cacheBytes = options.buildCache ? await pruneCache(engine, options) : 0;
  return {
    containers: removed.map(({ id }) => id),
    pods: pods.removed,
    volumes: volumes.names,
    networks: await pruneNetworks(engine, options.filters),
    images: images.ids,
    freedBytes:
      images.freedBytes +
      volumes.freedBytes +
      cacheBytes +
      removed.reduce((sum, { freedBytes }) => sum + freedBytes, 0),
    failures: [...pods.failures, ...failures],
  };
}

async function pruneCache(engine: Engine, { all, filters }: PruneSystemOptions): Promise<number> {
  const { pruneBuildCache } = await import("../build/prune.ts");
  const [until] = filters.get("until") ?? [];
  // Labels are of images: what is left of builds has none.
  if ([...filters.keys()].some((key) => key !== "until")) return 0;
  const since = until === undefined ? undefined : parsePointInTime(until, new Date());
  return pruneBuildCache(engine, { all, until: since, keepBytes: undefined }).freedBytes;
}

async function removeVolumes(engine: Engine, filters: Filters): Promise<{ names: string[]; freedBytes: number }> {
  const request = { filters, all: true };
  const unused = findUnusedVolumes(engine, request).map(({ name }) => name);
  const sizes = measureFolders(unused.map((name) => engine.volumes.dataDirectory(name)));
  const names = await pruneVolumes(engine, request);
  return { names, freedBytes: names.reduce((sum, name) => sum + (sizes[unused.indexOf(name)] ?? 0), 0) };
}

/** Removes only what is no part of any record: what crashes and killed processes have left. */
export function pruneLeftovers(engine: Engine): void {
  collectImageGarbage(engine);
}
