import { describe, expect, it } from "vitest";
import { escapeCharacterOf, parseDirectives } from "../../../src/build/dockerfile/directives.ts";

describe("parseDirectives", () => {
  it("reads the comments at the head, in any case and with spaces", () => {
    const lines = ["#syntax=docker/dockerfile:1", "# Escape = `", "#  check=skip=all;error=true  ", "FROM scratch"];
    expect(parseDirectives(lines, "Dockerfile")).toEqual([
      { name: "syntax", value: "docker/dockerfile:1", line: 1 },
      { name: "escape", value: "`", line: 2 },
      { name: "check", value: "skip=all;error=true", line: 3 },
    ]);
  });

  it.each([
    ["an empty line", ["", "# escape=`"]],
    ["another comment", ["# A remark", "# escape=`"]],
    ["an unknown name", ["# unknown=1", "# escape=`"]],
    ["an instruction", ["FROM scratch", "# escape=`"]],
  ])("ends at %s", (_, lines) => {
    expect(parseDirectives(lines, "Dockerfile")).toEqual([]);
  });

  it("refuses one that stands there twice", () => {
    expect(() => parseDirectives(["# escape=`", "# escape=\\"], "Dockerfile")).toThrow(
      "Dockerfile:2: only one escape parser directive can be used",
    );
  });
});

describe("escapeCharacterOf", () => {
  it("is a backslash unless the file says otherwise", () => {
    expect(escapeCharacterOf([], "Dockerfile")).toBe("\\");
    expect(escapeCharacterOf(parseDirectives(["# escape=`"], "Dockerfile"), "Dockerfile")).toBe("`");
  });

  it("refuses other characters", () => {
    expect(() => escapeCharacterOf(parseDirectives(["# escape=^"], "web/Dockerfile"), "web/Dockerfile")).toThrow(
      "web/Dockerfile:1: invalid escape token '^' does not match ` or \\",
    );
  });
});
