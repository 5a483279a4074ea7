import { hasEnded } from "../container/state.ts";
import { DhowError } from "../errors.ts";
import { combineFilters, type Filters, type FilterTable, matchesLabel, searchTest } from "../model/filters.ts";
import { parsePointInTime } from "../model/point-in-time.ts";
import type { ListedPod } from "./list.ts";
import { knownPodStatuses } from "./status.ts";

/**
 * A test for pods that all the filters of a listing let through.
 * @throws {DhowError} `invalid-argument` for an unknown filter or a bad value.
 */
export function podFilter(filters: Filters): (pod: ListedPod) => boolean {
  return combineFilters(filters, table, (key) => invalid(`${key} is an invalid filter`));
}

const containerStatuses: readonly string[] = ["created", "running", "paused", "stopped", "exited", "unknown"];

const table: FilterTable<ListedPod> = {
  "ctr-ids": (value) => {
    const fits = idTest(value);
    return ({ containers }) => containers.some(({ id }) => fits(id));
  },
  "ctr-names": (value) => {
    const fits = searchTest(value);
    return ({ containers }) => containers.some(({ name }) => fits(name));
  },
  "ctr-number":
    (value) =>
    ({ containers }) =>
      String(containers.length) === value,
  "ctr-status": (value) => {
    if (!containerStatuses.includes(value)) throw invalid(`${value} is not a valid status`);
    const endsToo = value === "stopped" || value === "exited";
    return ({ containers }) => containers.some(({ state }) => (endsToo ? hasEnded(state) : state === value));
  },
  id: (value) => {
    const fits = idTest(value);
    return ({ pod }) => fits(pod.id);
  },
  name: (value) => {
    const fits = searchTest(value);
    return ({ pod }) => fits(pod.name);
  },
  status: (value) => {
    if (!knownPodStatuses.includes(value)) throw invalid(`${value} is not a valid pod status`);
    return ({ status }) => status.toLowerCase() === value;
  },
  label:
    (value) =>
    ({ pod }) =>
      matchesLabel(pod.config.labels, value),
  "label!":
    (value) =>
    ({ pod }) =>
      !matchesLabel(pod.config.labels, value),
  until: (value) => {
    const limit = parsePointInTime(value).getTime();
    return ({ pod }) => pod.createdAt.getTime() < limit;
  },
  network:
    (value) =>
    ({ infra }) => {
      const { mode, networks = [] } = infra?.config.network ?? {};
      return mode === value || networks.some(({ name }) => name === value);
    },
};

function idTest(value: string): (id: string) => boolean {
  return /^[0-9a-f]+$/i.test(value) ? (id) => id.startsWith(value.toLowerCase()) : searchTest(value);
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
