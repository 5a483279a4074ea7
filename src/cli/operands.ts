import { DhowError } from "../errors.ts";
import type { OperandRule } from "./command.ts";

/**
 * Checks how many operands a command got.
 * @throws {DhowError} `invalid-argument`, in Podman's words.
 */
export function checkOperandCount(
  path: string,
  count: number,
  { min = 0, max = Number.POSITIVE_INFINITY }: OperandRule,
): void {
  if (count >= min && count <= max) return;
  throw new DhowError(describeMismatch(path, count, { min, max }), { kind: "invalid-argument" });
}

function describeMismatch(path: string, count: number, { min, max }: { min: number; max: number }): string {
  if (max === 0) return `\`${path}\` takes no arguments`;
  if (min === max) return `accepts ${min} arg(s), received ${count}`;
  if (max === Number.POSITIVE_INFINITY) return `requires at least ${min} arg(s), only received ${count}`;
  if (min === 0) return `accepts at most ${max} arg(s), received ${count}`;
  return `accepts between ${min} and ${max} arg(s), received ${count}`;
}
