import { DhowError } from "../errors.ts";

/** The values that the user gave to each key of --filter. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/** What a listing can be filtered by: for each key, what one value asks of an item. */
export type FilterTable<Item> = Readonly<Record<string, (value: string) => (item: Item) => boolean>>;

/** Keys whose values must all fit in most listings; of another key, one of its values must. */
function isLabelKey(key: string): boolean {
  return key === "label" || key === "label!";
}

/**
 * Makes one test of all the filters: every key must fit, by any of its values, or by all of them.
 * @param unknown The error for a key that is not in the table.
 */
export function combineFilters<Item>(
  filters: Filters,
  table: FilterTable<Item>,
  unknown: (key: string) => DhowError,
  needsAll: (key: string) => boolean = isLabelKey,
): (item: Item) => boolean {
  const groups = [...filters].map(([key, values]) => {
    const make = Object.hasOwn(table, key) ? table[key] : undefined;
    if (!make) throw unknown(key);
    const tests = values.map((value) => make(value));
    return needsAll(key)
      ? (item: Item) => tests.every((test) => test(item))
      : (item: Item) => tests.some((test) => test(item));
  });
  return (item) => groups.every((fits) => fits(item));
}

/** `key` or `key=value`, as the values of the filter `label`. */
export function matchesLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const equals = wanted.indexOf("=");
  if (equals < 0) return Object.hasOwn(labels, wanted);
  const key = wanted.slice(0, equals);
  return Object.hasOwn(labels, key) && labels[key] === wanted.slice(equals + 1);
}

/** @throws {DhowError} `invalid-argument` for what Go's ParseBool refuses. */
export function parseFilterBoolean(key: string, text: string): boolean {
  if (/^(?:1|t|T|true|TRUE|True)$/.test(text)) return true;
  if (/^(?:0|f|F|false|FALSE|False)$/.test(text)) return false;
  throw new DhowError(`non-boolean value ${JSON.stringify(text)} for ${key} filter`, { kind: "invalid-argument" });
}

/** A test for texts that match a shell pattern as Go's path.Match reads it: `*` and `?` stop at slashes. */
export function globTest(pattern: string): (text: string) => boolean {
  const source = pattern.replaceAll(/\[\^?(?:\\.|[^\]\\])+\]|\\.|[^\w/ ]/gs, (part) => {
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    return part.length > 1 ? part : `\\${part}`;
  });
  const expression = new RegExp(`^${source}$`, "s");
  return (text) => expression.test(text);
}

/**
 * A test for texts in which a regular expression is found, as the filters `name` and `id` of containers take it.
 * @throws {DhowError} `invalid-argument`.
 */
export function searchTest(pattern: string): (text: string) => boolean {
  try {
    const expression = new RegExp(pattern);
    return (text) => expression.test(text);
  } catch (cause) {
    throw new DhowError(`invalid regular expression ${JSON.stringify(pattern)}`, { kind: "invalid-argument", cause });
  }
}
