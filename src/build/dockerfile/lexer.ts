import { DhowError } from "../../errors.ts";
import { badWord, type LexerOptions, type Reader } from "./reader.ts";
import { readName, substitute } from "./substitution.ts";

/** A part of a word; only what comes from a variable outside of quotes and what stands there plainly falls apart at spaces. */
interface Piece {
  readonly text: string;
  readonly splits: boolean;
}

/**
 * Puts the values of variables into a word and takes its quotes away, as a shell would.
 * @throws {DhowError} `invalid-argument` for quotes and braces that do not close and for what `${...}` does not know.
 */
export function expandWord(text: string, options: LexerOptions): string {
  return piecesOf(text, options)
    .map((piece) => piece.text)
    .join("");
}

/** The same, with the result split at spaces that no quotes keep together. */
export function expandWords(text: string, options: LexerOptions): string[] {
  const words: string[] = [];
  let word = "";
  for (const { text: part, splits } of piecesOf(text, options)) {
    const [first = "", ...rest] = splits ? part.split(/\s/) : [part];
    word += first;
    for (const next of rest) {
      words.push(word);
      word = next;
    }
  }
  return [...words, word].filter((one) => one !== "");
}

function piecesOf(text: string, options: LexerOptions): Piece[] {
  try {
    return readUntil({ text, options, at: 0 }, undefined, options.keepsEscapes === true);
  } catch (cause) {
    if (!(cause instanceof DhowError)) throw cause;
    throw new DhowError(`failed to process ${JSON.stringify(text)}: ${cause.message}`, { kind: cause.kind, cause });
  }
}

/** Reads up to the character that ends a part of `${...}`, or to the end. */
function readUntil(reader: Reader, stop: string | undefined, keepsEscapes: boolean): Piece[] {
  const pieces: Piece[] = [];
  while (reader.at < reader.text.length) {
    if (reader.text[reader.at] === stop) {
      reader.at++;
      return pieces;
    }
    pieces.push(readPiece(reader, keepsEscapes));
  }
  if (stop !== undefined) throw badWord(`syntax error: missing '${stop}'`);
  return pieces;
}

function readPiece(reader: Reader, keepsEscapes: boolean): Piece {
  const { options } = reader;
  const character = reader.text[reader.at] as string;
  if (character === "$") return { text: readVariable(reader), splits: true };
  if (character === "<") return { text: readHeredocMark(reader), splits: false };
  if (character === "'" && !options.ignoresQuotes) return { text: readSingleQuoted(reader), splits: false };
  if (character === '"' && !options.ignoresQuotes) return { text: readDoubleQuoted(reader), splits: false };
  reader.at++;
  if (character !== options.escape) return { text: character, splits: true };
  const escaped = reader.text[reader.at++] ?? "";
  return { text: keepsEscapes ? character + escaped : escaped, splits: false };
}

function readSingleQuoted(reader: Reader): string {
  const end = reader.text.indexOf("'", reader.at + 1);
  if (end < 0) throw badWord("unexpected end of statement while looking for matching single-quote");
  const quoted = reader.text.slice(reader.at + 1, end);
  reader.at = end + 1;
  return reader.options.keepsQuotes ? `'${quoted}'` : quoted;
}

function readDoubleQuoted(reader: Reader): string {
  let quoted = "";
  reader.at++;
  while (reader.text[reader.at] !== '"') {
    if (reader.at >= reader.text.length) {
      throw badWord("unexpected end of statement while looking for matching double-quote");
    }
    quoted += reader.text[reader.at] === "$" ? readVariable(reader) : readQuotedCharacter(reader);
  }
  reader.at++;
  return reader.options.keepsQuotes ? `"${quoted}"` : quoted;
}

/** Within double quotes only a quote, `$` and the escape character itself can be escaped; elsewhere it stays. */
function readQuotedCharacter(reader: Reader): string {
  const { escape: mark, keepsEscapes } = reader.options;
  const character = reader.text[reader.at++] as string;
  if (character !== mark) return character;
  const next = reader.text[reader.at];
  if (next === undefined) return keepsEscapes ? character : "";
  if (next !== '"' && next !== "$" && next !== mark) return character;
  reader.at++;
  return keepsEscapes ? character + next : next;
}

/** `<<` and the spaces behind it stay together with the word that ends a here-document. */
function readHeredocMark(reader: Reader): string {
  const mark = /^<(<[\t\r ]*)?/.exec(reader.text.slice(reader.at))?.[0] as string;
  reader.at += mark.length;
  return mark;
}

function readVariable(reader: Reader): string {
  reader.at++;
  if (reader.text[reader.at] === "{") return readBraces(reader);
  const name = readName(reader);
  if (name === "") return "$";
  const value = reader.options.variables(name);
  return value ?? (reader.options.keepsUnset ? `$${name}` : "");
}

function readBraces(reader: Reader): string {
  reader.at++;
  const first = reader.text[reader.at];
  if (first === undefined) throw badWord("syntax error: missing '}'");
  if (first === "{" || first === "}" || first === ":") throw badWord("syntax error: bad substitution");
  return substitute(reader, readName(reader), (stop, keepsEscapes) =>
    readUntil(reader, stop, keepsEscapes)
      .map(({ text }) => text)
      .join(""),
  );
}
