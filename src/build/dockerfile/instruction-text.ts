import type { CommandLine, EscapeCharacter, Heredoc, Keyword, SourceRange } from "./ast.ts";
import { failAt } from "./failure.ts";
import { type FlagRules, type FlagValues, readFlags } from "./flags.ts";

/** One instruction on its way from text to data. */
export interface InstructionText {
  readonly keyword: Keyword;
  readonly written: string;
  readonly code: string;
  readonly range: SourceRange;
  readonly comments: readonly string[];
  /** Words like `--name=value` in front of the arguments. */
  readonly flags: readonly string[];
  /** The arguments, trimmed. */
  readonly rest: string;
  readonly heredocs: readonly Heredoc[];
  readonly fileName: string;
  readonly escape: EscapeCharacter;
}

/** What every instruction has. */
export function headOf<K extends Keyword>({ written, code, range, comments }: InstructionText, keyword: K) {
  return { keyword, written, code, range, comments };
}

export function failIn({ fileName, range }: InstructionText, message: string, hint?: string): Error {
  return failAt({ fileName, line: range.startLine }, message, hint);
}

/** @throws {DhowError} `invalid-argument` for flags that the instruction does not have. */
export function flagsOf(instruction: InstructionText, rules: FlagRules): FlagValues {
  return readFlags(instruction.flags, rules, (message) => failIn(instruction, message));
}

/** @throws {DhowError} `invalid-argument` if there are any flags. */
export function refuseFlags(instruction: InstructionText): void {
  flagsOf(instruction, {});
}

/** The argument of an instruction that takes one, spaces and all. */
export function singleArgument(instruction: InstructionText): string {
  if (instruction.rest === "") throw failIn(instruction, `${instruction.keyword} requires exactly one argument`);
  return instruction.rest;
}

/** The words of a JSON array; undefined for anything else. */
export function parseJsonWords(instruction: InstructionText, text = instruction.rest): string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  if (value.every((word) => typeof word === "string")) return value;
  throw failIn(instruction, "when using JSON array syntax, arrays must be comprised of strings only");
}

/** The words of a JSON array, or else what stands between spaces. */
export function wordsOf(instruction: InstructionText): string[] {
  return parseJsonWords(instruction) ?? splitAtSpaces(instruction.rest);
}

export function splitAtSpaces(text: string): string[] {
  return text === "" ? [] : text.split(/[\t\v\f\r ]+/);
}

export function commandOf(instruction: InstructionText, text = instruction.rest): CommandLine {
  const words = parseJsonWords(instruction, text);
  return words === undefined ? { form: "shell", text, heredocs: instruction.heredocs } : { form: "exec", words };
}
