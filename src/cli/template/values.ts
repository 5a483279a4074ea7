/**
 * How JavaScript values stand for Go's in a template:
 * a Map is a Go map (a missing key is `<no value>`), any other object is a struct (a missing field is an error),
 * an array is a slice, a Date a time.Time, null a nil pointer, and undefined no value at all.
 * A function in a struct is a method. A number without a fraction is an int.
 */
export type Value = unknown;

export function isMap(value: Value): value is Map<string, Value> {
  return value instanceof Map;
}

export function isStruct(value: Value): value is Readonly<Record<string, Value>> {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !isMap(value) && !(value instanceof Date)
  );
}

/** A Go map of a record. */
export function toMap<T>(record: Readonly<Record<string, T>>): Map<string, T> {
  return new Map(Object.entries(record));
}

/** Go's name of a value's type. */
export function typeName(value: Value): string {
  if (value === undefined || value === null) return "interface {}";
  switch (typeof value) {
    case "string":
      return "string";
    case "boolean":
      return "bool";
    case "bigint":
      return "int64";
    case "number":
      return Number.isInteger(value) ? "int" : "float64";
    default:
      return objectTypeName(value);
  }
}

function objectTypeName(value: object): string {
  if (value instanceof Date) return "time.Time";
  if (Array.isArray(value)) {
    return value.length > 0 && value.every((one) => typeof one === "string") ? "[]string" : "[]interface {}";
  }
  if (!isMap(value)) return "struct";
  return isStringMap(value) ? "map[string]string" : "map[string]interface {}";
}

function isStringMap(map: Map<string, Value>): boolean {
  for (const value of map.values()) if (typeof value !== "string") return false;
  return true;
}

/** What a map gives for a key that it lacks, when asked with `index`. */
export function zeroOf(map: Map<string, Value>): Value {
  return isStringMap(map) ? "" : undefined;
}

/** Whether a value counts as true in `if`. */
export function isTrue(value: Value): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isMap(value)) return value.size > 0;
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== 0n && value !== "";
}

export function sortedEntries(map: Map<string, Value>): [string, Value][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** As `fmt.Print` shows it; with field names for `%+v`. */
export function show(value: Value, withNames = false): string {
  if (value === undefined) return "<no value>";
  if (value === null) return "<nil>";
  if (typeof value === "number") return showNumber(value);
  if (typeof value !== "object") return String(value);
  if (value instanceof Date) return showTime(value);
  const nested = (one: Value) => (one === undefined ? "<nil>" : show(one, withNames));
  if (Array.isArray(value)) return `[${value.map(nested).join(" ")}]`;
  if (isMap(value))
    return `map[${sortedEntries(value)
      .map(([key, one]) => `${key}:${nested(one)}`)
      .join(" ")}]`;
  const fields = Object.entries(value).filter(([, one]) => typeof one !== "function");
  return `{${fields.map(([key, one]) => (withNames ? `${key}:${nested(one)}` : nested(one))).join(" ")}}`;
}

/** A float as Go's `%v`: the shortest form, with an exponent below 1e-4 and from 1e+21 on. */
function showNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const text = String(value);
  const exponent = value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential() : text;
  return exponent.replace(/e([+-])(\d)$/, "e$10$2");
}

/** As time.Time prints itself, in UTC: `2026-11-21 07:30:00.5 +0000 UTC`. */
function showTime(time: Date): string {
  const [day, rest] = time.toISOString().split("T") as [string, string];
  return `${day} ${rest.replace(/\.?0*Z$/, "")} +0000 UTC`;
}

/** JSON as Go writes it: maps sorted by key, structs in the order of their fields, no escaping of HTML. */
export function toJson(value: Value, indent = ""): string {
  return JSON.stringify(value, (_, one: Value) => (isMap(one) ? fromSorted(one) : one), indent) ?? "null";
}

function fromSorted(map: Map<string, Value>): Record<string, Value> {
  const record: Record<string, Value> = Object.create(null) as Record<string, Value>;
  for (const [key, value] of sortedEntries(map)) record[key] = value;
  return record;
}
