import { compare, equals } from "./comparison.ts";
import { FunctionError } from "./function-error.ts";
import { sprintf } from "./sprintf.ts";
import { isMap, show, toJson, typeName, type Value, zeroOf } from "./values.ts";

/** A function of templates: Go's own and those that Podman and Docker add. It throws FunctionError for what it cannot do. */
interface TemplateFunction {
  readonly min: number;
  /** Undefined: any number. */
  readonly max?: number;
  call(...values: Value[]): Value;
}

const functions: Readonly<Record<string, TemplateFunction>> = {
  html: { min: 0, call: (...values) => escapeHtml(sprint(values)) },
  index: { min: 1, call: (value, ...keys) => keys.reduce(element, value) },
  join: { min: 2, max: 2, call: (list, separator) => texts(list).join(text(separator)) },
  js: { min: 0, call: (...values) => escapeJs(sprint(values)) },
  json: { min: 1, max: 1, call: (value) => toJson(value) },
  len: { min: 1, max: 1, call: length },
  lower: { min: 1, max: 1, call: (value) => text(value).toLowerCase() },
  pad: { min: 3, max: 3, call: (value, before, after) => padWith(text(value), integer(before), integer(after)) },
  print: { min: 0, call: (...values) => sprint(values) },
  printf: { min: 1, call: (format, ...values) => sprintf(text(format), values) },
  println: { min: 0, call: (...values) => `${values.map((value) => show(value)).join(" ")}\n` },
  slice: { min: 1, max: 4, call: (value, ...bounds) => slice(value, bounds.map(integer)) },
  split: { min: 2, max: 2, call: (value, separator) => text(value).split(text(separator)) },
  title: {
    min: 1,
    max: 1,
    call: (value) => text(value).replace(/(?<![\p{L}\p{N}_'])\p{Ll}/gu, (letter) => letter.toUpperCase()),
  },
  truncate: { min: 2, max: 2, call: (value, size) => truncate(text(value), integer(size)) },
  upper: { min: 1, max: 1, call: (value) => text(value).toUpperCase() },
  urlquery: { min: 0, call: (...values) => escapeQuery(sprint(values)) },

  eq: { min: 1, call: (first, ...others) => isEqualToAny(first, others) },
  ne: { min: 2, max: 2, call: (a, b) => !equals(a, b) },
  lt: { min: 2, max: 2, call: (a, b) => compare(a, b) < 0 },
  le: { min: 2, max: 2, call: (a, b) => compare(a, b) <= 0 },
  gt: { min: 2, max: 2, call: (a, b) => compare(a, b) > 0 },
  ge: { min: 2, max: 2, call: (a, b) => compare(a, b) >= 0 },
};

/** Functions that execute.ts runs itself: they do not want all of their operands evaluated, or want them untyped. */
const logicFunctions = ["and", "or", "not"];

export const functionNames: ReadonlySet<string> = new Set([...Object.keys(functions), ...logicFunctions]);

/** @throws {FunctionError} @throws {ArgumentCountError} */
export function callFunction(name: string, values: readonly Value[]): Value {
  const { min, max = Number.POSITIVE_INFINITY, call } = functions[name] as TemplateFunction;
  if (values.length < min || values.length > max) throw new ArgumentCountError(min, max, values.length);
  return call(...values);
}

/** Go words this without "error calling". */
export class ArgumentCountError extends Error {
  constructor(min: number, max: number, got: number) {
    const want = min === max ? `${min}` : `at least ${min}`;
    super(`want ${want} got ${got}`);
  }
}

/** fmt.Sprint: a space between two values of which neither is a string. */
function sprint(values: readonly Value[]): string {
  return values
    .map((value, index) => {
      const joins = index > 0 && typeof value !== "string" && typeof values[index - 1] !== "string";
      return (joins ? " " : "") + show(value);
    })
    .join("");
}

function isEqualToAny(first: Value, others: readonly Value[]): boolean {
  if (others.length === 0) throw new FunctionError("missing argument for comparison");
  return others.some((other) => equals(first, other));
}

function element(value: Value, key: Value): Value {
  if (value === undefined || value === null) throw new FunctionError("index of untyped nil");
  if (isMap(value)) return value.has(text(key)) ? value.get(text(key)) : zeroOf(value);
  if (typeof value !== "string" && !Array.isArray(value)) {
    throw new FunctionError(`can't index item of type ${typeName(value)}`);
  }
  if (typeof key !== "number" || !Number.isInteger(key)) {
    throw new FunctionError(`cannot index slice/array with type ${typeName(key)}`);
  }
  const list: ArrayLike<Value> = typeof value === "string" ? Buffer.from(value) : value;
  if (key < 0 || key >= list.length) throw new FunctionError(`index out of range: ${key}`);
  return list[key];
}

function length(value: Value): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (isMap(value)) return value.size;
  if (value === undefined || value === null) throw new FunctionError("len of nil pointer");
  throw new FunctionError(`len of type ${typeName(value)}`);
}

/** Of strings, Go counts bytes. */
function slice(value: Value, bounds: readonly number[]): Value {
  if (typeof value !== "string" && !Array.isArray(value)) {
    throw new FunctionError(`can't slice item of type ${typeName(value)}`);
  }
  if (typeof value === "string" && bounds.length === 3) throw new FunctionError("cannot 3-index slice a string");
  const list: Buffer | Value[] = typeof value === "string" ? Buffer.from(value) : value;
  const [from = 0, to = list.length] = bounds;
  const outside = bounds.find((bound) => bound < 0 || bound > list.length);
  if (outside !== undefined) throw new FunctionError(`index out of range: ${outside}`);
  if (from > to) throw new FunctionError(`invalid slice index: ${from} > ${to}`);
  return Buffer.isBuffer(list) ? list.toString("utf8", from, to) : list.slice(from, to);
}

function text(value: Value): string {
  if (typeof value !== "string") {
    throw new FunctionError(`wrong type for value; expected string; got ${typeName(value)}`);
  }
  return value;
}

function integer(value: Value): number {
  if (typeof value !== "number" || !Number.isInteger(value)) {
    throw new FunctionError(`wrong type for value; expected int; got ${typeName(value)}`);
  }
  return value;
}

function texts(value: Value): string[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value) || value.some((one) => typeof one !== "string")) {
    throw new FunctionError(`wrong type for value; expected []string; got ${typeName(value)}`);
  }
  return value as string[];
}

function padWith(value: string, before: number, after: number): string {
  return value === "" ? value : " ".repeat(Math.max(0, before)) + value + " ".repeat(Math.max(0, after));
}

function truncate(value: string, size: number): string {
  const characters = [...value];
  return size < 0 || characters.length <= size ? value : characters.slice(0, size).join("");
}

const htmlEscapes: Readonly<Record<string, string>> = {
  "\0": "\uFFFD",
  '"': "&#34;",
  "'": "&#39;",
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
};

function escapeHtml(value: string): string {
  return value.replace(/["'&<>]|\p{Cc}/gu, (character) => htmlEscapes[character] ?? character);
}

function escapeJs(value: string): string {
  return value.replace(/[\\'"<>&=]|\p{Cc}|[\u2028\u2029]/gu, (character) => {
    if ("\\'\"".includes(character)) return `\\${character}`;
    return `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  });
}

function escapeQuery(value: string): string {
  return encodeURIComponent(value)
    .replaceAll("%20", "+")
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
