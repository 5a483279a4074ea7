import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { combineFilters, type Filters, type FilterTable, matchesLabel, searchTest } from "../model/filters.ts";
import { parsePointInTime } from "../model/point-in-time.ts";
import { defaultNetworkName, type NetworkRecord } from "../storage/networks.ts";

type NetworkEngine = Pick<Engine, "networks">;

/**
 * A test for networks that all the filters of a listing let through.
 * @throws {DhowError} `invalid-argument` for an unknown filter or a bad value.
 */
export function networkFilter(engine: NetworkEngine, filters: Filters): (network: NetworkRecord) => boolean {
  return combineFilters(filters, { ...pruneTable, ...listTable(engine) }, unknown);
}

/** The same for `prune`, which knows fewer. */
export function networkPruneFilter(filters: Filters): (network: NetworkRecord) => boolean {
  return combineFilters(filters, pruneTable, unknown);
}

const pruneTable: FilterTable<NetworkRecord> = {
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

function listTable({ networks }: NetworkEngine): FilterTable<NetworkRecord> {
  let used: ReadonlySet<string> | undefined;
  return {
    name: (value) => {
      const fits = searchTest(value);
      return ({ name }) => fits(name);
    },
    id: (value) => {
      const fits = /^[0-9a-f]+$/.test(value) ? undefined : searchTest(value);
      return ({ id }) => (fits ? fits(id) : id.startsWith(value));
    },
    driver: (value) => () => value === "bridge",
    scope: (value) => () => value === "local",
    type: (value) => {
      if (value !== "custom" && value !== "builtin") throw invalid(`invalid filter "type=${value}"`);
      return ({ name }) => (name === defaultNetworkName) === (value === "builtin");
    },
    dangling: (value) => {
      const wanted = parseSwitch(value);
      return ({ name }) => {
        used ??= networks.used();
        return (name !== defaultNetworkName && !used.has(name)) === wanted;
      };
    },
  };
}

function parseSwitch(text: string): boolean {
  if (/^(?:1|t|T|true|TRUE|True)$/.test(text)) return true;
  if (/^(?:0|f|F|false|FALSE|False)$/.test(text)) return false;
  throw invalid(`invalid dangling filter value ${JSON.stringify(text)}`);
}

function unknown(key: string): DhowError {
  return invalid(`invalid filter ${JSON.stringify(key)}`);
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
