// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test is full of them
import { describe, expect, it } from "vitest";
import { expandWord, expandWords } from "../../../src/build/dockerfile/lexer.ts";
import type { LexerOptions } from "../../../src/build/dockerfile/reader.ts";

const values: Record<string, string> = {
  HOME: "/root",
  EMPTY: "",
  SPACED: "  two words ",
  FILE: "archive.tar.gz",
  PATHS: "/usr/lib/x/lib",
  ÄRGER: "unicode",
};

const options: LexerOptions = { escape: "\\", variables: (name) => values[name] };

function expand(text: string, more: Partial<LexerOptions> = {}): string {
  return expandWord(text, { ...options, ...more });
}

describe("expandWord", () => {
  it.each([
    ["plain", "plain"],
    ["pl'ai'n", "plain"],
    ['pl"ai"n', "plain"],
    ["it\\'s", "it's"],
    ["a\\tb", "atb"],
    ['"a\\tb"', "a\\tb"],
    ['"a\\\\b"', "a\\b"],
    ["'a\\b'", "a\\b"],
    ["'a\\'", "a\\"],
    ["end\\", "end"],
    ["end\\\\", "end\\"],
    ['"it\'s"', "it's"],
    ["'\"'\"'\"", "\"'"],
    ["안'녕'", "안녕"],
  ])("takes the quotes of %s away", (text, expected) => {
    expect(expand(text)).toBe(expected);
  });

  it.each([
    ["$HOME/x", "/root/x"],
    ["${HOME}x", "/rootx"],
    ["$HOMEx", ""],
    ["a$.b", "a$.b"],
    ["cost $", "cost $"],
    ["$1a", "a"],
    ["$10a", "a"],
    ["$@@", "@"],
    ["${?}", ""],
    ["\\$HOME", "$HOME"],
    ["\\\\$HOME", "\\/root"],
    ['"\\$HOME"', "$HOME"],
    ['"$HOME"', "/root"],
    ["'$HOME'", "$HOME"],
    ["\"'$HOME'\"", "'/root'"],
    ["\\${}", "${}"],
    ["$ÄRGER", "unicode"],
    ["${HOME}}", "/root}"],
  ])("puts variables into %s", (text, expected) => {
    expect(expand(text)).toBe(expected);
  });

  it.each([
    ["${NONE:-word}", "word"],
    ["${EMPTY:-word}", "word"],
    ["${EMPTY-word}", ""],
    ["${NONE-word}", "word"],
    ["${HOME:-word}", "/root"],
    ["${HOME:+word}", "word"],
    ["${EMPTY:+word}", ""],
    ["${EMPTY+word}", "word"],
    ["${NONE+word}", ""],
    ["${NONE:-${ALSO:-deep}}", "deep"],
    ["${NONE:-$HOME}", "/root"],
    ["${NONE:-\\${HOME}z}", "${HOMEz}"],
    ["${NONE:-'a b'}", "a b"],
    ["${NONE:-{x}", "{x"],
    ["${HOME?}", "/root"],
    ["${EMPTY?}", ""],
    ["${1:-one}", "one"],
    ["${@:-all}", "all"],
  ])("chooses in %s", (text, expected) => {
    expect(expand(text)).toBe(expected);
  });

  it.each([
    ["${FILE#*.}", "tar.gz"],
    ["${FILE##*.}", "gz"],
    ["${FILE%.*}", "archive.tar"],
    ["${FILE%%.*}", "archive"],
    ["${FILE%.zip}", "archive.tar.gz"],
    ["${FILE#?????}", "ve.tar.gz"],
    ["${PATHS/lib/bin}", "/usr/bin/x/lib"],
    ["${PATHS//lib/bin}", "/usr/bin/x/bin"],
    ["${PATHS//\\/lib/}", "/usr/x"],
    ["${PATHS/l*b/-}", "/usr/-"],
    ["${PATHS/x/$0}", "/usr/lib//lib"],
    ["${FILE/./$HOME}", "archive/roottar.gz"],
    ["${FILE/a\\*/x}", "archive.tar.gz"],
    ["${NONE#x}", ""],
  ])("matches the pattern of %s", (text, expected) => {
    expect(expand(text)).toBe(expected);
  });

  it.each([
    ["it's", "unexpected end of statement while looking for matching single-quote"],
    ['say "it', "unexpected end of statement while looking for matching double-quote"],
    ["${}", "syntax error: bad substitution"],
    ["${{HOME}", "syntax error: bad substitution"],
    ["${:-x}", "syntax error: bad substitution"],
    ["${HOME", "syntax error: missing '}'"],
    ["${", "syntax error: missing '}'"],
    ["${NONE:-${HOME}", "syntax error: missing '}'"],
    ["${HOME/x}", "syntax error: missing '/'"],
    ["${.}", "unsupported modifier (.) in substitution"],
    ["${HOME:=x}", "unsupported modifier (:=) in substitution"],
    ["${HOME:x}", "unsupported modifier (:x) in substitution"],
    ["${NONE?}", "NONE: is not allowed to be unset"],
    ["${EMPTY:?}", "EMPTY: is not allowed to be empty"],
    ["${NONE:?give me one}", "NONE: give me one"],
    ["${HOME#\\x}", "invalid escape"],
  ])("refuses %s", (text, message) => {
    expect(() => expand(text)).toThrow(`failed to process ${JSON.stringify(text)}: `);
    expect(() => expand(text)).toThrow(message);
  });

  it("honours another escape character", () => {
    expect(expand("C:\\dir`$x `$HOME", { escape: "`" })).toBe("C:\\dir$x $HOME");
  });

  it("keeps what it is told to keep", () => {
    expect(expand("$NONE ${NONE} ${NONE:-x} ${NONE#a} ${NONE/a/b} $HOME", { keepsUnset: true })).toBe(
      "$NONE ${NONE} ${NONE:-x} ${NONE#a} ${NONE/a/b} /root",
    );
    expect(expand('\'a\' "b\\"" \\c', { keepsQuotes: true, keepsEscapes: true })).toBe('\'a\' "b\\"" \\c');
    expect(expand('it\'s "$HOME"', { ignoresQuotes: true })).toBe('it\'s "/root"');
  });
});

describe("expandWords", () => {
  it.each([
    ["80 443/udp", ["80", "443/udp"]],
    ["a$SPACED", ["a", "two", "words"]],
    ["a${SPACED}b", ["a", "two", "words", "b"]],
    ['a"$SPACED"b', ["a  two words b"]],
    ["a\\ b c", ["a b", "c"]],
    ["'' x", ["x"]],
    ["$EMPTY", []],
    ["3<<  EOF cat", ["3<<  EOF", "cat"]],
    ["a < b", ["a", "<", "b"]],
  ])("splits %s", (text, expected) => {
    expect(expandWords(text, options)).toEqual(expected);
  });
});
