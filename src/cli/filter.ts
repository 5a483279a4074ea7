import { DhowError } from "../errors.ts";
import type { Filters } from "../model/filters.ts";

/**
 * Reads the values of --filter: `key=value`, `label!=key`.
 * @throws {DhowError} `invalid-argument` for one without `=`.
 */
export function parseFilters(values: readonly string[]): Filters {
  const filters = new Map<string, string[]>();
  for (const text of values) {
    const equals = text.indexOf("=");
    if (equals < 0) throw new DhowError(`invalid filter ${JSON.stringify(text)}`, { kind: "invalid-argument" });
    const key = text.slice(0, equals);
    filters.set(key, [...(filters.get(key) ?? []), text.slice(equals + 1)]);
  }
  return filters;
}
