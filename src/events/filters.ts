import { DhowError } from "../errors.ts";
import type { Event, EventType } from "../model/event.ts";
import { combineFilters, type Filters, type FilterTable } from "../model/filters.ts";

/**
 * A test for events that all the filters let through.
 * @throws {DhowError} `invalid-argument` for an unknown filter.
 */
export function eventFilter(filters: Filters): (event: Event) => boolean {
  const byKey = new Map([...filters].map(([key, values]) => [key.toLowerCase(), values]));
  return combineFilters(byKey, table, (key) => {
    return new DhowError(`${key} is an invalid filter`, { kind: "invalid-argument" });
  });
}

const table: FilterTable<Event> = {
  artifact: object("artifact"),
  container: object("container"),
  image: object("image"),
  network: (value) => (event) =>
    event.type === "network" && (event.network === value || event.name === value || event.id.startsWith(value)),
  pod: (value) => (event) => isObject(event, "pod", value) || (event.podId?.startsWith(value) ?? false),
  secret: object("secret"),
  volume: (value) => (event) => event.type === "volume" && event.name.startsWith(value),
  type: (value) => (event) => event.type === value,
  event: byStatus,
  status: byStatus,
  label: (value) => {
    const [key = "", wanted] = cut(value);
    return ({ attributes = {} }) =>
      Object.hasOwn(attributes, key) && (wanted === undefined || attributes[key] === wanted);
  },
};

function object(type: EventType): (value: string) => (event: Event) => boolean {
  return (value) => (event) => isObject(event, type, value);
}

function isObject(event: Event, type: EventType, value: string): boolean {
  return event.type === type && (event.name === value || (event.id !== "" && event.id.startsWith(value)));
}

/** Docker's names of events that Podman calls otherwise. */
const dockerNames: Readonly<Record<string, string>> = {
  delete: "remove",
  destroy: "remove",
  die: "died",
  exec_create: "exec",
  exec_die: "exec_died",
  exec_start: "exec",
  load: "loadfromarchive",
  loadFromArchive: "loadfromarchive",
};

function byStatus(value: string): (event: Event) => boolean {
  const [name = "", health] = value.split(": ", 2);
  const status = dockerNames[name] ?? name;
  return (event) => event.status === status && (health === undefined || event.health === health);
}

function cut(text: string): [string, string | undefined] {
  const equals = text.indexOf("=");
  return equals < 0 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
}
