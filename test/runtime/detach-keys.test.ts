import { describe, expect, it } from "vitest";
import { detachScanner, parseDetachKeys } from "../../src/runtime/detach-keys.ts";

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, "latin1"));
const text = (given: Uint8Array) => Buffer.from(given).toString("latin1");

describe("parseDetachKeys()", () => {
  it.each([
    ["ctrl-p,ctrl-q", [16, 17]],
    ["ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_", [0, 27, 28, 29, 30, 31]],
    ["a,Z,ctrl-z", [97, 90, 26]],
    ["", []],
  ])("reads %s", (keys, expected) => {
    expect([...parseDetachKeys(keys)]).toEqual(expected);
  });

  it.each(["ctrl-", "ctrl-P", "ctrl-pp", "ab", "ctrl-p,,", "strg-p"])("refuses %s", (keys) => {
    expect(() => parseDetachKeys(keys)).toThrow(/invalid detach keys/);
  });
});

describe("detachScanner()", () => {
  const keys = parseDetachKeys("ctrl-p,ctrl-q");

  it("finds the sequence in one piece and drops it and what follows", () => {
    const { pass, detached } = detachScanner(keys).scan(bytes("ls\u0010\u0011rest"));
    expect([text(pass), detached]).toEqual(["ls", true]);
  });

  it("finds a sequence that comes key by key, and passes nothing of it on", () => {
    const scanner = detachScanner(keys);
    expect(scanner.scan(bytes("\u0010"))).toEqual({ pass: new Uint8Array(), detached: false });
    expect(scanner.scan(bytes("\u0011"))).toEqual({ pass: new Uint8Array(), detached: true });
  });

  it("passes a begun sequence on as soon as another key comes", () => {
    const scanner = detachScanner(keys);
    scanner.scan(bytes("\u0010"));
    expect(text(scanner.scan(bytes("x")).pass)).toBe("\u0010x");
  });

  it("begins anew with a key that breaks the sequence and is its first one", () => {
    const scanner = detachScanner(keys);
    const { pass, detached } = scanner.scan(bytes("\u0010\u0010\u0011"));
    expect([text(pass), detached]).toEqual(["\u0010", true]);
  });

  it("passes everything on when there are no keys", () => {
    const { pass, detached } = detachScanner(parseDetachKeys("")).scan(bytes("\u0010\u0011"));
    expect([text(pass), detached]).toEqual(["\u0010\u0011", false]);
  });
});
