import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findTail, lineSplitter, logTimeMs, parseLogLine } from "../../src/runtime/log-lines.ts";

const time = "2026-01-02T03:04:05.123456789+00:00";

describe("parseLogLine()", () => {
  it("takes an entry apart and keeps the bytes of the text", () => {
    const line = parseLogLine(Buffer.concat([Buffer.from(`${time} stderr P `), Buffer.from([0xff, 0x20, 0x00])]));
    expect(line).toEqual({
      time: "2026-01-02T03:04:05.123456789Z",
      stream: "stderr",
      partial: true,
      text: Buffer.from([0xff, 0x20, 0x00]),
    });
  });

  it("knows an empty line", () => {
    expect(parseLogLine(Buffer.from(`${time} stdout F `))).toMatchObject({ partial: false, text: Buffer.alloc(0) });
  });

  it.each(["", "half a line", `${time} stdin F x`, `${time} stdout`])("refuses %j", (text) => {
    expect(parseLogLine(Buffer.from(text))).toBeUndefined();
  });
});

describe("logTimeMs()", () => {
  it("keeps what is below a millisecond", () => {
    const early = logTimeMs("2026-01-02T03:04:05.123400000Z");
    expect(logTimeMs("2026-01-02T03:04:05.123900000Z")).toBeGreaterThan(early);
    expect(Math.floor(early)).toBe(Date.parse("2026-01-02T03:04:05.123Z"));
  });

  it("reads zones", () => {
    expect(logTimeMs("2026-01-02T03:04:05.0+02:00")).toBe(Date.parse("2026-01-02T01:04:05Z"));
  });
});

describe("lineSplitter()", () => {
  it("joins lines that come in pieces", () => {
    const split = lineSplitter();
    const texts = ["a\nb", "c", "\n\nd"].flatMap((chunk) => split(Buffer.from(chunk)).map(String));
    expect(texts).toEqual(["a", "bc", ""]);
    expect(split(Buffer.from("\n")).map(String)).toEqual(["d"]);
  });
});

describe("findTail()", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "dhow-log-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function tailOf(entries: readonly string[], count: number): string[] {
    const path = join(folder, "log");
    const content = entries.map((entry) => `${time} stdout ${entry}\n`).join("");
    writeFileSync(path, content);
    const fd = openSync(path, "r");
    try {
      const rest = content.slice(findTail(fd, Buffer.byteLength(content), count));
      return rest
        .split("\n")
        .filter(Boolean)
        .map((line) => line.slice(`${time} stdout `.length));
    } finally {
      closeSync(fd);
    }
  }

  it.each([
    [0, []],
    [1, ["F c"]],
    [2, ["F b", "F c"]],
    [3, ["F a", "F b", "F c"]],
    [9, ["F a", "F b", "F c"]],
  ])("finds the last %i lines", (count, expected) => {
    expect(tailOf(["F a", "F b", "F c"], count)).toEqual(expected);
  });

  it("counts a line that the log holds in parts once", () => {
    expect(tailOf(["F a", "P b1", "P b2", "F b3", "F c"], 2)).toEqual(["P b1", "P b2", "F b3", "F c"]);
  });

  it("counts an unfinished last line", () => {
    expect(tailOf(["F a", "F b", "P c"], 2)).toEqual(["F b", "P c"]);
  });

  it("reads backwards over many blocks", () => {
    const entries = Array.from({ length: 4000 }, (_, index) => `F line ${index} ${"x".repeat(100)}`);
    expect(tailOf(entries, 1500)).toEqual(entries.slice(-1500));
    expect(tailOf(entries, 4000)).toEqual(entries);
  });

  it("knows an empty log", () => {
    expect(tailOf([], 3)).toEqual([]);
  });
});
