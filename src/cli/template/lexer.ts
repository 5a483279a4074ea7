import { syntaxError } from "./failure.ts";

export type TokenKind =
  | "text"
  | "open"
  | "close"
  | "space"
  | "field"
  | "variable"
  | "identifier"
  | "keyword"
  | "dot"
  | "nil"
  | "bool"
  | "number"
  | "character"
  | "string"
  | "raw-string"
  | "pipe"
  | "assign"
  | "declare"
  | "comma"
  | "left-paren"
  | "right-paren"
  | "end-of-text";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Offset in the template. */
  readonly at: number;
}

const keywords = new Set(["block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"]);

/** Inside of an action, in the order of trial. */
const rules: readonly (readonly [TokenKind, RegExp])[] = [
  ["space", /[ \t\r\n]+/y],
  ["declare", /:=/y],
  ["assign", /=/y],
  ["pipe", /\|/y],
  ["left-paren", /\(/y],
  ["right-paren", /\)/y],
  ["comma", /,/y],
  ["string", /"(?:[^"\\\n]|\\.)*"/y],
  ["raw-string", /`[^`]*`/y],
  ["character", /'(?:[^'\\\n]|\\.)+'/y],
  [
    "number",
    /[+-]?(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*)?\.?\d[\d_]*(?:[eE][+-]?\d+)?\.?)(?![\p{L}_])/uy,
  ],
  ["field", /\.[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ["dot", /\./y],
  ["variable", /\$[\p{L}\p{Nd}_]*/uy],
  ["identifier", /[\p{L}_][\p{L}\p{Nd}_]*/uy],
];

/**
 * Splits a template into its tokens. White space that trim markers take away is gone.
 * @throws {DhowError} `invalid-argument` in Go's words.
 */
export function tokenize(name: string, text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimsLeft = false;
  while (at < text.length) {
    const open = text.indexOf("{{", at);
    const end = open < 0 ? text.length : open;
    const trimsRight = open >= 0 && /^\{\{-[ \t\r\n]/.test(text.slice(open, open + 4));
    addText(tokens, { text: text.slice(at, end), at, trimsLeft, trimsRight });
    if (open < 0) break;
    const start = open + (trimsRight ? 3 : 2);
    const action = isComment(text, start)
      ? skipComment(name, text, start)
      : readAction({ name, text, tokens, open }, start);
    trimsLeft = action.trims;
    at = action.end;
  }
  tokens.push({ kind: "end-of-text", text: "", at: text.length });
  return tokens;
}

interface TextPiece {
  readonly text: string;
  readonly at: number;
  readonly trimsLeft: boolean;
  readonly trimsRight: boolean;
}

function addText(tokens: Token[], { text, at, trimsLeft, trimsRight }: TextPiece): void {
  let shown = text;
  if (trimsLeft) shown = shown.replace(/^[ \t\r\n]+/, "");
  const skipped = text.length - shown.length;
  if (trimsRight) shown = shown.replace(/[ \t\r\n]+$/, "");
  if (shown !== "") tokens.push({ kind: "text", text: shown, at: at + skipped });
}

interface ActionEnd {
  readonly end: number;
  /** Whether white space behind the action is taken away. */
  readonly trims: boolean;
}

function isComment(text: string, start: number): boolean {
  return /^[ \t\r\n]*\/\*/.test(text.slice(start)) && text.slice(start).trimStart().startsWith("/*");
}

function skipComment(name: string, text: string, start: number): ActionEnd {
  const end = text.indexOf("*/", start);
  if (end < 0) throw syntaxError(name, text, start, "unclosed comment");
  const close = /^([ \t\r\n]+-)?\}\}/.exec(text.slice(end + 2));
  if (!close) throw syntaxError(name, text, end, "comment ends before closing delimiter");
  return { end: end + 2 + close[0].length, trims: close[1] !== undefined };
}

interface ActionReader {
  readonly name: string;
  readonly text: string;
  readonly tokens: Token[];
  readonly open: number;
}

function readAction({ name, text, tokens, open }: ActionReader, start: number): ActionEnd {
  tokens.push({ kind: "open", text: "{{", at: open });
  let depth = 0;
  for (let at = start; ; ) {
    const close = /^([ \t\r\n]+-)?\}\}/.exec(text.slice(at));
    if (close) {
      if (depth > 0) throw syntaxError(name, text, at, "unclosed left paren");
      tokens.push({ kind: "close", text: "}}", at: at + close[0].length - 2 });
      return { end: at + close[0].length, trims: close[1] !== undefined };
    }
    if (at >= text.length) throw syntaxError(name, text, at, "unclosed action");
    const token = readToken(name, text, at);
    if (token.kind === "left-paren") depth++;
    if (token.kind === "right-paren" && --depth < 0) throw syntaxError(name, text, at, "unexpected right paren");
    tokens.push(token);
    at += token.text.length;
  }
}

function readToken(name: string, text: string, at: number): Token {
  for (const [kind, pattern] of rules) {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found === undefined) continue;
    if (kind !== "identifier") return { kind, text: found, at };
    return { kind: kindOfWord(found), text: found, at };
  }
  throw syntaxError(name, text, at, describeBadCharacter(text, at));
}

function kindOfWord(word: string): TokenKind {
  if (keywords.has(word)) return "keyword";
  if (word === "true" || word === "false") return "bool";
  return word === "nil" ? "nil" : "identifier";
}

function describeBadCharacter(text: string, at: number): string {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if (character === '"') return "unterminated quoted string";
  if (character === "`") return "unterminated raw quoted string";
  if (character === "'") return "unterminated character constant";
  if (/[\d+-]/.test(character))
    return `bad number syntax: ${JSON.stringify(/^\S+?(?=[}\s)|,]|$)/.exec(text.slice(at))?.[0] ?? "")}`;
  const code = (text.codePointAt(at) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return `bad character U+${code} '${character}'`;
}
