import { describe, expect, it } from "vitest";
import { parseIgnoreFile } from "../../../src/build/context/ignore.ts";

function ignored(patterns: string, ...paths: string[]): string[] {
  const rules = parseIgnoreFile(patterns, ".dockerignore");
  return paths.filter((path) => rules.isIgnored(path));
}

describe("parseIgnoreFile", () => {
  it.each([
    ["a", ["a", "a/b", "a/b/c"], ["ab", "b/a"]],
    ["/a/", ["a", "a/b"], ["b/a"]],
    ["./a/../b", ["b", "b/c"], ["a"]],
    ["*", ["a", "a/b", ".x"], []],
    ["*.txt", ["a.txt", "a.txt/b"], ["b/a.txt", "atxt"]],
    ["*/b", ["a/b", "a/b/c"], ["b", "a/c/b"]],
    ["**/b", ["b", "a/b", "a/c/b", "a/b/x"], ["ab", "a/cb"]],
    ["a/**", ["a/b", "a/b/c"], ["b/a"]],
    ["a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "b"]],
    ["**", ["a", "a/b"], []],
    ["**/*.o", ["x.o", "a/b.o"], ["a/b.oo"]],
    ["a?c", ["abc", "a.c"], ["a/c", "ac"]],
    ["[a-c]x", ["ax", "cx"], ["dx", "-x"]],
    ["[^a]x", ["bx"], ["ax"]],
    ["a\\*b", ["a*b"], ["axb"]],
    ["a.b+c(d)|e", ["a.b+c(d)|e"], ["aXb+c(d)|e"]],
    ["  spaced  ", ["spaced"], [" spaced"]],
    [".", ["a", "a/b"], []],
  ])("leaves out what %s matches, and what is below", (pattern, out, kept) => {
    expect(ignored(pattern, ...out, ...kept)).toEqual(out);
  });

  it("lets the last match count", () => {
    const text = "*\n!src\nsrc/*.tmp\n!src/keep.tmp\n";
    expect(ignored(text, "a", "src", "src/a.ts", "src/a.tmp", "src/keep.tmp")).toEqual(["a", "src/a.tmp"]);
  });

  it("looks into a folder that is left out only for exceptions that name it", () => {
    const text = "one\ntwo\n!*/sub1*\n!one/sub3*";
    const paths = ["one/sub1", "one/sub2", "one/sub3", "two/sub1", "two", "three/sub1"];
    expect(ignored(text, ...paths)).toEqual(["one/sub2", "two/sub1", "two"]);
    expect(ignored("**\n!a/b/c", "a", "a/b", "a/b/c", "a/b/c/d", "a/x", "x/c")).toEqual(["a", "a/b", "a/x", "x/c"]);
  });

  it("passes over comments, empty lines, carriage returns and a byte order mark", () => {
    expect(ignored("\uFEFF# a\r\n\r\nb\r\n #c\r\n", "a", "b", "#c", "# a")).toEqual(["b", "#c"]);
  });

  it("tells which pattern it was, and whether there are exceptions", () => {
    const rules = parseIgnoreFile("a\n **/b \n", ".dockerignore");
    expect(rules.ignoredBy("x/b/c")).toBe("**/b");
    expect(rules.ignoredBy("x")).toBeUndefined();
    expect(rules.hasExceptions).toBe(false);
    expect(parseIgnoreFile("a\n! b", ".dockerignore").hasExceptions).toBe(true);
  });

  it.each([
    ["a\n!", '.dockerignore:2: illegal exclusion pattern: "!"'],
    ["[a", ".dockerignore:1: syntax error in pattern: [a"],
    ["[z-a]", ".dockerignore:1: syntax error in pattern: [z-a]"],
  ])("refuses %j", (text, message) => {
    expect(() => parseIgnoreFile(text, ".dockerignore")).toThrow(message);
  });
});
