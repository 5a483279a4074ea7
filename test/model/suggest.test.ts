import { describe, expect, it } from "vitest";
import { suggest } from "../../src/model/suggest.ts";

const names = ["run", "rm", "rmi", "ps", "pull", "version", "images", "inspect"];

describe("suggest()", () => {
  it.each([
    ["rnu", ["run"]],
    ["imags", ["images"]],
    ["verison", ["version"]],
    ["VERSION", ["version"]],
    ["ver", ["version"]],
    ["rmm", ["rm", "rmi"]],
    ["nosuch", []],
    ["", []],
  ])("takes %j for %j", (word, expected) => {
    expect(suggest(word, names)).toEqual(expected);
  });
});
