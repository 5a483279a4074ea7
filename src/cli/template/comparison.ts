import { FunctionError } from "./function-error.ts";
import type { Value } from "./values.ts";

/** Go's `eq` of two basic values. @throws {FunctionError} for values that Go does not compare. */
export function equals(a: Value, b: Value): boolean {
  const [first, second] = [kindOf(a), kindOf(b)];
  if (first === "nil" || second === "nil") return first === second;
  if (first !== second) throw new FunctionError("incompatible types for comparison");
  if (first === "other") throw new FunctionError(`non-comparable type ${describe(a)}: ${describe(b)}`);
  return a instanceof Date ? a.getTime() === (b as Date).getTime() : a === b;
}

/** Negative, zero or positive. @throws {FunctionError} for values without an order. */
export function compare(a: Value, b: Value): number {
  const [first, second] = [kindOf(a), kindOf(b)];
  if (first !== second) throw new FunctionError("incompatible types for comparison");
  switch (first) {
    case "number":
    case "time":
      return Number(a) - Number(b);
    case "string":
      return Buffer.compare(Buffer.from(a as string), Buffer.from(b as string));
    default:
      throw new FunctionError("invalid type for comparison");
  }
}

function kindOf(value: Value): "nil" | "number" | "string" | "bool" | "time" | "other" {
  if (value === undefined || value === null) return "nil";
  if (value instanceof Date) return "time";
  switch (typeof value) {
    case "number":
    case "bigint":
      return "number";
    case "string":
      return "string";
    case "boolean":
      return "bool";
    default:
      return "other";
  }
}

function describe(value: Value): string {
  return Array.isArray(value) ? "slice" : typeof value;
}
