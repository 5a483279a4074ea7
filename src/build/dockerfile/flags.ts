import { suggest } from "../../model/suggest.ts";
import type { EscapeCharacter } from "./ast.ts";
import { firstQuoted, unquote } from "./quoted-words.ts";

/** `--name=value` words in front of an instruction's arguments, and the rest. */
export interface SplitFlags {
  readonly flags: readonly string[];
  readonly rest: string;
}

/** Takes the flags off. Quotes and escapes in them are resolved; `--` alone ends them. */
export function splitFlags(text: string, escapeCharacter: EscapeCharacter): SplitFlags {
  const flags: string[] = [];
  let rest = text.trimStart();
  while (rest.startsWith("--")) {
    const word = firstQuoted(rest, escapeCharacter);
    rest = rest.slice(word.length).trimStart();
    if (word === "--") break;
    flags.push(unquote(word, escapeCharacter));
  }
  return { flags, rest: rest.trim() };
}

export type FlagKind = "boolean" | "string" | "strings";

/** The flags of one instruction, by name. */
export type FlagRules = Readonly<Record<string, FlagKind>>;

export interface FlagValues {
  boolean(name: string): boolean | undefined;
  string(name: string): string | undefined;
  strings(name: string): readonly string[];
}

/** Reads flags by their rules; `fail` makes the error that is thrown. */
export function readFlags(words: readonly string[], rules: FlagRules, fail: (message: string) => Error): FlagValues {
  const values = new Map<string, string[]>();
  for (const word of words) {
    const [flag = "", ...rest] = word.split("=");
    const name = flag.slice(2);
    const kind = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (kind === undefined) throw fail(unknownFlag(flag, Object.keys(rules)));
    const given = values.get(name) ?? [];
    if (given.length > 0 && kind !== "strings") throw fail(`duplicate flag specified: ${flag}`);
    values.set(name, [
      ...given,
      readValue({ flag, kind, value: rest.length === 0 ? undefined : rest.join("=") }, fail),
    ]);
  }
  return {
    boolean: (name) => (values.has(name) ? values.get(name)?.[0] === "true" : undefined),
    string: (name) => values.get(name)?.[0],
    strings: (name) => values.get(name) ?? [],
  };
}

interface GivenFlag {
  readonly flag: string;
  readonly kind: FlagKind;
  readonly value: string | undefined;
}

function readValue({ flag, kind, value }: GivenFlag, fail: (message: string) => Error): string {
  if (kind === "boolean") {
    const given = (value ?? "true").toLowerCase();
    if (given === "true" || given === "false") return given;
    if (given === "") throw fail(`missing a value on flag: ${flag}`);
    throw fail(`expecting boolean value for flag ${flag}, not: ${value}`);
  }
  if (value === undefined) throw fail(`missing a value on flag: ${flag}`);
  return value;
}

function unknownFlag(flag: string, names: readonly string[]): string {
  const [near] = suggest(flag.slice(2), names);
  return `unknown flag: ${flag}${near === undefined ? "" : ` (did you mean ${near}?)`}`;
}
