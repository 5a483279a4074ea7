import type { EscapeCharacter } from "./ast.ts";

/** A word with its quotes: spaces within quotes and behind the escape character belong to it. */
const wordForms: Readonly<Record<EscapeCharacter, RegExp>> = { "\\": wordForm("\\\\"), "`": wordForm("`") };

function wordForm(mark: string): RegExp {
  return new RegExp(`(?:${mark}[^]|'[^']*(?:'|$)|"(?:${mark}[^]|[^"${mark}])*(?:"|$)|[^\\s'"${mark}])+`, "g");
}

/** The words of a text as they stand there, with their quotes. */
export function splitQuoted(text: string, escapeCharacter: EscapeCharacter): string[] {
  return text.match(wordForms[escapeCharacter]) ?? [];
}

/** The word at the beginning of a text, with its quotes; empty if none begins there. */
export function firstQuoted(text: string, escapeCharacter: EscapeCharacter): string {
  return text.search(/\S/) === 0 ? (splitQuoted(text, escapeCharacter)[0] ?? "") : "";
}

/** The word without its quotes and escapes; nothing is expanded. */
export function unquote(word: string, escapeCharacter: EscapeCharacter): string {
  const mark = escapeCharacter === "\\" ? "\\\\" : "`";
  const parts = new RegExp(`${mark}([^])|'([^']*)'?|"((?:${mark}[^]|[^"${mark}])*)"?`, "g");
  return word.replace(parts, (_, escaped?: string, single?: string, double?: string) =>
    escaped === undefined ? (single ?? unquote(double ?? "", escapeCharacter)) : escaped,
  );
}
