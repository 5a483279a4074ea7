import type { Engine } from "../engine.ts";
import { isKind } from "../errors.ts";
import type { Filters } from "../model/filters.ts";
import type { VolumeRecord } from "../storage/volumes.ts";
import { volumePruneFilter } from "./filters.ts";

type VolumeEngine = Pick<Engine, "volumes" | "events">;

export interface RemoveVolumeOptions {
  /** Removes the containers that use the volume first, by this. */
  readonly removeContainer?: (id: string) => Promise<unknown>;
}

/**
 * Removes a volume with all that is in it.
 * @returns Its name.
 * @throws {DhowError} `not-found`; `conflict` if containers use it.
 */
export async function removeVolume(
  engine: VolumeEngine,
  nameOrPrefix: string,
  { removeContainer }: RemoveVolumeOptions = {},
): Promise<string> {
  const { name } = engine.volumes.get(nameOrPrefix);
  if (removeContainer) for (const id of engine.volumes.users(name)) await removeContainer(id);
  await removeNamed(engine, name);
  return name;
}

async function removeNamed({ volumes, events }: VolumeEngine, name: string): Promise<void> {
  await volumes.withLock(name, () => volumes.remove(name));
  events.append({ type: "volume", status: "remove", id: "", name });
}

export interface PruneRequest {
  readonly filters: Filters;
  /** Volumes that were given a name as well. */
  readonly all: boolean;
}

/** The volumes that no container uses and that the filters let through. */
export function findUnusedVolumes(
  { volumes }: Pick<Engine, "volumes">,
  { filters, all }: PruneRequest,
): VolumeRecord[] {
  const fits = volumePruneFilter({ volumes }, filters);
  const used = volumes.countUsers();
  return volumes.list().filter((volume) => (all || volume.anonymous) && !used.has(volume.name) && fits(volume));
}

/** Removes volumes that nobody uses. @returns The names of those that were removed. */
export async function pruneVolumes(engine: VolumeEngine, request: PruneRequest): Promise<string[]> {
  const removed: string[] = [];
  for (const { name } of findUnusedVolumes(engine, request)) {
    if (await removeIfUnused(engine, name)) removed.push(name);
  }
  return removed;
}

/** Removes the volumes that were made for a container, unless another one has come to use them. */
export async function removeOwnVolumes(
  engine: VolumeEngine,
  containerId: string,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    engine.volumes.release(name, containerId);
    await removeIfUnused(engine, name);
  }
}

async function removeIfUnused(engine: VolumeEngine, name: string): Promise<boolean> {
  try {
    await removeNamed(engine, name);
    return true;
  } catch (error) {
    if (isKind(error, "conflict") || isKind(error, "not-found")) return false;
    throw error;
  }
}
