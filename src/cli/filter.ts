import { DhowError } from "../errors.ts";
import type { Filters } from "../model/filters.ts";

/**
 * Reads the values of --filter: `key=value`, `label!=key`.
 * @param subject What is filtered, for the message: `image`.
 * @throws {DhowError} `invalid-argument` for one without `=`.
 */
export function parseFilters(values: readonly string[], subject?: string): Filters {
  const filters = new Map<string, string[]>();
  for (const text of values) {
    const equals = text.indexOf("=");
    if (equals < 0) throw malformed(text, subject);
    const key = text.slice(0, equals);
    filters.set(key, [...(filters.get(key) ?? []), text.slice(equals + 1)]);
  }
  return filters;
}

function malformed(text: string, subject: string | undefined): DhowError {
  const shown = JSON.stringify(text);
  const message =
    subject === undefined
      ? `invalid filter ${shown}`
      : `invalid ${subject} filter ${shown}: must be in the format "filter=value or filter!=value"`;
  return new DhowError(message, { kind: "invalid-argument" });
}
