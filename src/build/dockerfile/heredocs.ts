import { DhowError } from "../../errors.ts";
import type { Heredoc } from "./ast.ts";
import { expandWord, expandWords } from "./lexer.ts";
import type { LexerOptions } from "./reader.ts";

/** Here-documents are the shell's, which escapes by backslash whatever the directive says. */
const lexing: LexerOptions = { escape: "\\", variables: () => undefined, keepsUnset: true };

/** The beginning of a here-document: `<<EOF`, `<<-"EOF"`, `3<<EOF`. */
export type HeredocMark = Omit<Heredoc, "content">;

/** The here-documents that an instruction announces, in their order. */
export function findHeredocs(code: string): HeredocMark[] {
  if (!code.includes("<<")) return [];
  return splitRaw(code).flatMap((word) => parseHeredocMark(word) ?? []);
}

/** Quotes that do not close are no here-documents of ours: whoever runs the line will complain. */
function splitRaw(code: string): string[] {
  try {
    return expandWords(code, { ...lexing, keepsQuotes: true, keepsEscapes: true });
  } catch (error) {
    if (error instanceof DhowError) return [];
    throw error;
  }
}

/** The here-document that a word announces; undefined if it is another word. */
export function parseHeredocMark(word: string): HeredocMark | undefined {
  const [, fileDescriptor, dash, rest] = /^(\d*)<<(-?)\s*([^<]+)$/.exec(word) ?? [];
  if (rest === undefined) return undefined;
  const words = expandWords(rest, lexing);
  const [name] = words;
  if (words.length !== 1 || name === undefined) return undefined;
  const withQuotes = expandWord(rest, { ...lexing, keepsQuotes: true });
  return {
    name,
    fileDescriptor: Number(fileDescriptor || 0),
    isExpanded: withQuotes === name,
    stripsTabs: dash === "-",
  };
}

/** Reads lines up to the one that ends the here-document; undefined if none does. */
export function readHeredoc(mark: HeredocMark, take: () => string | undefined): Heredoc | undefined {
  let content = "";
  for (let line = take(); line !== undefined; line = take()) {
    const text = line.replace(/\r+$/, "");
    if ((mark.stripsTabs ? text.replace(/^\t+/, "") : text) === mark.name) return { ...mark, content };
    content += `${line}\n`;
  }
  return undefined;
}

/** The body without the tabs that `<<-` strips. */
export function bodyOf({ content, stripsTabs }: Heredoc): string {
  return stripsTabs ? content.replace(/^\t+/gm, "") : content;
}
