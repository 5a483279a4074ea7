import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { combineFilters, type Filters, type FilterTable, matchesLabel, searchTest } from "../model/filters.ts";
import { parsePointInTime } from "../model/point-in-time.ts";
import type { VolumeRecord } from "../storage/volumes.ts";

type VolumeEngine = Pick<Engine, "volumes">;

/**
 * A test for volumes that all the filters of a listing let through.
 * @throws {DhowError} `invalid-argument` for an unknown filter or a bad value; `not-found` for an unknown volume in one.
 */
export function volumeFilter(engine: VolumeEngine, filters: Filters): (volume: VolumeRecord) => boolean {
  return combineFilters(filters, { ...pruneTable(engine), ...listTable(engine) }, unknown);
}

/** The same for `prune`, which knows fewer. */
export function volumePruneFilter(engine: VolumeEngine, filters: Filters): (volume: VolumeRecord) => boolean {
  return combineFilters(filters, pruneTable(engine), unknown);
}

function pruneTable(engine: VolumeEngine): FilterTable<VolumeRecord> {
  const after = (value: string) => {
    const limit = engine.volumes.get(value).createdAt.getTime();
    return ({ createdAt }: VolumeRecord) => createdAt.getTime() > limit;
  };
  return {
    after,
    since: after,
    anonymous: (value) => {
      const wanted = parseSwitch("anonymous", value);
      return ({ anonymous }) => anonymous === wanted;
    },
    label:
      (value) =>
      ({ labels }) =>
        matchesLabel(labels, value),
    "label!":
      (value) =>
      ({ labels }) =>
        !matchesLabel(labels, value),
    until: (value) => {
      const limit = parsePointInTime(value).getTime();
      return ({ createdAt }) => createdAt.getTime() < limit;
    },
  };
}

function listTable({ volumes }: VolumeEngine): FilterTable<VolumeRecord> {
  let used: ReadonlyMap<string, number> | undefined;
  return {
    name: (value) => {
      const fits = searchTest(value);
      return ({ name }) => fits(name);
    },
    driver: (value) => () => value === "local",
    scope: (value) => () => value === "local",
    opt: (value) => {
      const equals = value.indexOf("=");
      const key = equals < 0 ? value : value.slice(0, equals);
      const wanted = equals < 0 ? "" : value.slice(equals + 1);
      return ({ options }) => Object.hasOwn(options, key) && (wanted === "" || options[key] === wanted);
    },
    dangling: (value) => {
      const wanted = parseSwitch("dangling", value);
      return ({ name }) => {
        used ??= volumes.countUsers();
        return !used.has(name) === wanted;
      };
    },
  };
}

function parseSwitch(filter: string, text: string): boolean {
  const value = text.toLowerCase();
  if (value === "true" || value === "1") return true;
  if (value === "false" || value === "0") return false;
  throw invalid(
    `${JSON.stringify(text)} is not a valid value for the ${JSON.stringify(filter)} filter - must be true or false`,
  );
}

function unknown(key: string): DhowError {
  return invalid(`${JSON.stringify(key)} is an invalid volume filter`);
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
