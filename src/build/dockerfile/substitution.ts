import { replacePattern, trimPrefix, trimSuffix } from "./pattern.ts";
import { badWord, type Reader } from "./reader.ts";

/** Reads on to the character that ends a part of `${...}`, with or without the escape characters. */
type ReadUntil = (stop: string, keepsEscapes: boolean) => string;

/** A name behind `$`: letters, digits and `_`; or digits alone; or one of the shell's special parameters. Empty if none stands there. */
export function readName(reader: Reader): string {
  const name = /^(?:\d+|[@*#?\-$!]|[\p{L}\p{Nd}_]+)/u.exec(reader.text.slice(reader.at))?.[0] ?? "";
  reader.at += name.length;
  return name;
}

/**
 * What `${name...}` stands for; the reader is behind the name.
 * @throws {DhowError} `invalid-argument` for an unknown modifier, a missing brace, or `${name:?}` of what is not set.
 */
export function substitute(reader: Reader, name: string, readUntil: ReadUntil): string {
  const { variables, keepsUnset } = reader.options;
  const modifier = /^(?::.?|[}+\-?#%/])/su.exec(reader.text.slice(reader.at))?.[0];
  if (modifier === undefined) throw unknownModifier(reader.text.slice(reader.at));
  reader.at += modifier.length;
  const value = variables(name);
  const isKept = value === undefined && keepsUnset === true;
  switch (modifier) {
    case "}":
      return value ?? (isKept ? `\${${name}}` : "");
    case "/":
      return replace(reader, { name, value, isKept }, readUntil);
    case "#":
    case "%": {
      const pattern = readUntil("}", true);
      if (isKept) return `\${${name}${modifier}${pattern}}`;
      return modifier === "#" ? trimPrefix(value ?? "", pattern) : trimSuffix(value ?? "", pattern);
    }
    default: {
      const word = readUntil("}", false);
      return isKept ? `\${${name}${modifier}${word}}` : choose({ name, value, modifier, word });
    }
  }
}

interface Found {
  readonly name: string;
  readonly value: string | undefined;
  readonly isKept: boolean;
}

/** `${name/pattern/replacement}`, and `${name//pattern/replacement}` for all of them. */
function replace(reader: Reader, { name, value, isKept }: Found, readUntil: ReadUntil): string {
  const isGlobal = reader.text[reader.at] === "/";
  if (isGlobal) reader.at++;
  const pattern = readUntil("/", true);
  const replacement = readUntil("}", true);
  if (isKept) return `\${${name}/${pattern}/${replacement}}`;
  return replacePattern(value ?? "", { pattern, replacement, isGlobal });
}

interface Choice {
  readonly name: string;
  readonly value: string | undefined;
  readonly modifier: string;
  readonly word: string;
}

/** The forms with a word: `-`, `+`, `?`; behind a colon, an empty value counts as none. */
function choose({ name, value, modifier, word }: Choice): string {
  const isMissing = value === undefined || (modifier[0] === ":" && value === "");
  switch (modifier.at(-1)) {
    case "-":
      return isMissing ? word : value;
    case "+":
      return isMissing ? "" : word;
    case "?":
      if (!isMissing) return value;
      throw badWord(`${name}: ${word || `is not allowed to be ${value === undefined ? "unset" : "empty"}`}`);
    default:
      throw unknownModifier(modifier);
  }
}

function unknownModifier(rest: string): Error {
  const modifier = [...rest][0];
  if (modifier === undefined) return badWord("syntax error: missing '}'");
  return badWord(`unsupported modifier (${rest.startsWith(":") ? rest : modifier}) in substitution`);
}
