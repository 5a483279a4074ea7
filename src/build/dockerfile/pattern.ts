import { badWord } from "./reader.ts";

/** The value without what the pattern matches at its front: as little as possible, with `#` in front of the pattern as much. */
export function trimPrefix(value: string, pattern: string): string {
  const isLongest = pattern.startsWith("#");
  const source = toSource(isLongest ? pattern.slice(1) : pattern, isLongest);
  return value.replace(new RegExp(`^${source}`, "su"), "");
}

/** The same at its end, with `%`. */
export function trimSuffix(value: string, pattern: string): string {
  const isLongest = pattern.startsWith("%");
  const form = new RegExp(`^${toSource(isLongest ? pattern.slice(1) : pattern, true)}$`, "su");
  const characters = [...value];
  const starts = Array.from({ length: characters.length + 1 }, (_, index) => index);
  if (!isLongest) starts.reverse();
  const start = starts.find((index) => form.test(characters.slice(index).join("")));
  return start === undefined ? value : characters.slice(0, start).join("");
}

export interface Replacement {
  readonly pattern: string;
  readonly replacement: string;
  readonly isGlobal: boolean;
}

export function replacePattern(value: string, { pattern, replacement, isGlobal }: Replacement): string {
  return value.replace(new RegExp(toSource(pattern, true), isGlobal ? "gsu" : "su"), () => replacement);
}

/**
 * A shell pattern (`*`, `?`, and `\` in front of them) as the source of a regular expression.
 * @throws {DhowError} `invalid-argument` for an escape of anything else.
 */
function toSource(pattern: string, isGreedy: boolean): string {
  let source = "";
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] as string;
    const next = characters[at + 1];
    if (character === "*") source += isGreedy ? ".*" : ".*?";
    else if (character === "?") source += ".";
    else if (character !== "\\") source += literal(character);
    // The escape of what ends the pattern is none of the pattern's.
    else if (next !== "}" && next !== "/") {
      at++;
      source += escaped(next, pattern);
    }
  }
  return source;
}

function literal(character: string): string {
  return /[[\]{}.+()|^$\\*?/]/.test(character) ? `\\${character}` : character;
}

function escaped(character: string | undefined, pattern: string): string {
  if (character === "*" || character === "?" || character === "\\") return `\\${character}`;
  throw badWord(`invalid pattern (${pattern}) in substitution: invalid escape '\\${character ?? ""}'`);
}
