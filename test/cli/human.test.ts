import { describe, expect, it } from "vitest";
import { goTime, humanDuration, humanSize } from "../../src/cli/human.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

describe("humanDuration()", () => {
  it.each([
    [-5, "Less than a second"],
    [999, "Less than a second"],
    [1000, "1 second"],
    [59_999, "59 seconds"],
    [minute, "About a minute"],
    [2 * minute, "2 minutes"],
    [hour, "About an hour"],
    [89 * minute, "About an hour"],
    [90 * minute, "2 hours"],
    [47 * hour, "47 hours"],
    [2 * day, "2 days"],
    [13 * day, "13 days"],
    [14 * day, "2 weeks"],
    [59 * day, "8 weeks"],
    [60 * day, "2 months"],
    [729 * day, "24 months"],
    [730 * day, "2 years"],
  ])("%d ms is %s", (ms, text) => {
    expect(humanDuration(ms)).toBe(text);
  });
});

describe("humanSize()", () => {
  it.each([
    [0, "0B"],
    [999, "999B"],
    [1000, "1kB"],
    [144_453, "144kB"],
    [999_600, "1e+03kB"],
    [2_131_015, "2.13MB"],
    [1_997_973, "2MB"],
    [1_982_298, "1.98MB"],
    [5e9, "5GB"],
  ])("%d is %s", (bytes, text) => {
    expect(humanSize(bytes)).toBe(text);
  });
});

describe("goTime()", () => {
  it.each([
    ["2026-11-21T07:21:25.059Z", "2026-11-21 07:21:25.059 +0000 UTC"],
    ["2026-11-21T07:21:25.500Z", "2026-11-21 07:21:25.5 +0000 UTC"],
    ["2026-11-21T07:00:00Z", "2026-11-21 07:00:00 +0000 UTC"],
  ])("writes %s", (text, written) => {
    expect(goTime(new Date(text))).toBe(written);
  });
});
