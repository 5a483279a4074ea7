import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { executeTemplate } from "../../../src/cli/template/execute.ts";
import { parseTemplate } from "../../../src/cli/template/parser.ts";

/** Templates, the data they run on, and what Go's text/template prints with Podman's functions. */
const [templates, expected, data] = ["templates", "expected", "data"].map(
  (name) => JSON.parse(readFileSync(new URL(`./${name}.json`, import.meta.url), "utf8")) as unknown,
) as [string[], string[], object];

function toGoMaps(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toGoMaps);
  if (typeof value !== "object" || value === null) return value;
  return new Map(Object.entries(value).map(([key, one]) => [key, toGoMaps(one)]));
}

function render(text: string, given: unknown): string {
  try {
    return executeTemplate(parseTemplate("x", text), given);
  } catch (error) {
    return `ERR ${(error as Error).message}`;
  }
}

describe("templates print what Go prints", () => {
  it.each(templates.map((template, index) => [template, expected[index]]))("%s", (template, printed) => {
    expect(render(template as string, toGoMaps(data))).toBe(printed);
  });
});
