import { DhowError } from "../errors.ts";
import { combineFilters, type Filters, type FilterTable, searchTest } from "../model/filters.ts";
import type { SecretRecord } from "../storage/secrets.ts";

const table: FilterTable<SecretRecord> = {
  name: (value) => {
    const fits = searchTest(value);
    return ({ name }) => fits(name);
  },
  id: (value) => {
    const fits = searchTest(value);
    return ({ id }) => fits(id);
  },
};

/** A test for secrets that all the filters let through. @throws {DhowError} `invalid-argument` for an unknown filter. */
export function secretFilter(filters: Filters): (secret: SecretRecord) => boolean {
  return combineFilters(
    filters,
    table,
    (key) => new DhowError(`invalid filter ${JSON.stringify(key)}`, { kind: "invalid-argument" }),
  );
}
