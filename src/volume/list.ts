import type { Engine } from "../engine.ts";
import type { Filters } from "../model/filters.ts";
import type { VolumeRecord } from "../storage/volumes.ts";
import { bootId } from "../system/clock.ts";
import { volumeFilter } from "./filters.ts";

type VolumeEngine = Pick<Engine, "volumes">;

/** A volume as listings and `inspect` have it. */
export interface VolumeRow {
  readonly volume: VolumeRecord;
  readonly mountpoint: string;
  /** How many users keep it mounted, if it is one that is mounted. */
  readonly mountCount: number;
}

/** Whether a container, by id, is alive. */
export type IsAlive = (containerId: string) => boolean;

/**
 * Lists volumes by name.
 * @throws {DhowError} `invalid-argument` for an unknown filter or a bad value.
 */
export function listVolumes(engine: VolumeEngine, filters: Filters, isAlive: IsAlive): VolumeRow[] {
  const fits = volumeFilter(engine, filters);
  return engine.volumes
    .list()
    .filter(fits)
    .map((volume) => describe(engine, volume, isAlive));
}

/** @throws {DhowError} `not-found`. */
export function describeVolume(engine: VolumeEngine, nameOrPrefix: string, isAlive: IsAlive): VolumeRow {
  return describe(engine, engine.volumes.get(nameOrPrefix), isAlive);
}

function describe({ volumes }: VolumeEngine, volume: VolumeRecord, isAlive: IsAlive): VolumeRow {
  return {
    volume,
    mountpoint: volumes.dataDirectory(volume.name),
    mountCount: volume.mount ? volumes.users(volume.name).filter(isAlive).length + explicitMounts(volume) : 0,
  };
}

function explicitMounts({ mountedIn }: VolumeRecord): number {
  return mountedIn === bootId() ? 1 : 0;
}
