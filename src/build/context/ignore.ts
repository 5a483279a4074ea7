import { posix } from "node:path";
import { failAt } from "../dockerfile/failure.ts";

/** What an ignore file leaves out of a context. */
export interface IgnoreRules {
  isIgnored(path: string): boolean;
  /** The pattern that left a path out, as the file has it; undefined if it is not left out. */
  ignoredBy(path: string): string | undefined;
  /** Whether there are patterns with `!`, which take in again what is below a directory that was left out. */
  readonly hasExceptions: boolean;
}

interface Rule {
  readonly pattern: string;
  readonly isException: boolean;
  /** The pattern as it is matched. */
  readonly path: string;
  /** Matches a path, and everything below it. */
  readonly form: RegExp;
}

export const noRules: IgnoreRules = { isIgnored: () => false, ignoredBy: () => undefined, hasExceptions: false };

/**
 * Reads a .dockerignore file as Docker does: one pattern a line, `#` for comments, `!` for exceptions, the last match counts.
 * @param name How messages call the file.
 * @throws {DhowError} `invalid-argument` for a pattern that is none.
 */
export function parseIgnoreFile(text: string, name: string): IgnoreRules {
  const rules = text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .flatMap((line, index) => parseRule(line, { fileName: name, line: index + 1 }) ?? []);
  const ignoredBy = (path: string) => unseenFolder(rules, path) ?? lastMatch(rules, path);
  return {
    ignoredBy,
    isIgnored: (path) => ignoredBy(path) !== undefined,
    hasExceptions: rules.some(({ isException }) => isException),
  };
}

function parseRule(line: string, place: { fileName: string; line: number }): Rule | undefined {
  if (line.startsWith("#")) return undefined;
  const pattern = line.trim();
  if (pattern === "") return undefined;
  const isException = pattern.startsWith("!");
  const path = isException ? pattern.slice(1).trim() : pattern;
  if (path === "") throw failAt(place, `illegal exclusion pattern: "${pattern}"`);
  const clean = posix
    .normalize(path)
    .replace(/^\/(?=.)/, "")
    .replace(/(?<=.)\/$/, "");
  try {
    return { pattern, isException, path: clean, form: new RegExp(`^${toSource(clean)}(?:/.*)?$`, "s") };
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw failAt(place, `syntax error in pattern: ${pattern}`);
  }
}

/**
 * Docker does not look into a folder that is left out, unless an exception begins with its very name: one that begins with a
 * star takes nothing in again there.
 * @returns The pattern that left such a folder above the path out.
 */
function unseenFolder(rules: readonly Rule[], path: string): string | undefined {
  for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
    const folder = path.slice(0, end);
    const pattern = lastMatch(rules, folder);
    const isSeen = rules.some((rule) => rule.isException && `${rule.path}/`.startsWith(`${folder}/`));
    if (pattern !== undefined && !isSeen) return pattern;
  }
  return undefined;
}

function lastMatch(rules: readonly Rule[], path: string): string | undefined {
  let found: string | undefined;
  for (const { pattern, isException, form } of rules) {
    // A rule that would change nothing need not be asked.
    if (isException === (found !== undefined) && form.test(path)) found = isException ? undefined : pattern;
  }
  return found;
}

/** Go's filepath.Match, and `**` for any number of folders. */
function toSource(pattern: string): string {
  if (pattern === ".") return ".*";
  const parts = /\*\*\/?|\*|\?|\\.?|\[(?:\\.|[^\]\\])+\]|./gsu;
  return pattern.replace(parts, (part: string, offset: number) => {
    if (part.startsWith("**")) return offset + part.length === pattern.length ? ".*" : "(?:.*/)?";
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    if (part.startsWith("\\")) return literal(part.slice(1) || "\\");
    return part.startsWith("[") ? bracket(part) : literal(part);
  });
}

/** `[a-z]` and `[^a-z]` mean the same in a regular expression, but for what is special in those alone. */
function bracket(part: string): string {
  if (part === "[") throw new SyntaxError("unclosed bracket");
  return `[${part.slice(1, -1).replace(/[[&~|]/g, "\\$&")}]`;
}

function literal(character: string): string {
  return character.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
