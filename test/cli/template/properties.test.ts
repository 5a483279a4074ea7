import fc from "fast-check";
import { describe, it } from "vitest";
import { renderObject, renderRows } from "../../../src/cli/format.ts";
import { isKind } from "../../../src/errors.ts";

/** The same in every run; fast-check names the smallest template that fails. */
const bounds = { seed: 20_261_128, interruptAfterTimeLimit: 20_000 };

const data = {
  Name: "x",
  Size: 5,
  Labels: { a: "1" },
  Ports: [1, 2],
  Nothing: undefined,
  Nested: { Deep: { Text: "t" } },
};
const token = fc.constantFrom(
  ..."|(){}.$\"'`\\-+/%,:= \n\té\u0000",
  "{{",
  "}}",
  "{{-",
  "-}}",
  "/*",
  "*/",
  ".Name",
  ".Nested.Deep.Text",
  ".Labels",
  ".Missing",
  "$x",
  ":=",
  "if ",
  "else",
  "else if ",
  "end",
  "range ",
  "with ",
  "define ",
  "template ",
  "block ",
  "break",
  "continue",
  "json ",
  "printf ",
  '"%d%s%v%q%5.2f%*d"',
  "index ",
  "slice ",
  "len ",
  "and ",
  "or ",
  "not ",
  "eq ",
  "lt ",
  "join ",
  "split ",
  "upper ",
  "table ",
  "5 ",
  "0x_f",
  "'a'",
  "true",
  "nil",
);
const template = fc.array(token, { maxLength: 14 }).map((tokens) => tokens.join(""));

function mayBeRefused(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!isKind(error, "invalid-argument")) throw error;
  }
}

describe("any --format template", () => {
  it("prints something or is refused as an invalid argument", () => {
    const one = fc.oneof(
      template,
      template.map((text) => `{{${text}}}`),
      fc.tuple(template, template).map(([test, body]) => `{{range ${test}}}${body}{{end}}`),
    );
    fc.assert(
      fc.property(one, (format) => {
        mayBeRefused(() => renderObject({ name: "test", format }, data));
        mayBeRefused(() => renderRows({ name: "test", format, headings: {}, noHeading: false }, [data, data]));
      }),
      { ...bounds, numRuns: 8000 },
    );
  });

  it("is refused, not followed into the ground, when it is nested too deeply", () => {
    const depth = fc.integer({ min: 1, max: 50_000 });
    const nested = fc
      .tuple(fc.constantFrom(["{{", "(", ".", ")", "}}"], ["", "{{if .Name}}", "x", "{{end}}", ""]), depth)
      .map(([[start, open, middle, close, end], times]) =>
        [start, open?.repeat(times), middle, close?.repeat(times), end].join(""),
      );
    fc.assert(
      fc.property(nested, (format) => mayBeRefused(() => renderObject({ name: "test", format }, data))),
      { ...bounds, numRuns: 20 },
    );
    mayBeRefused(() =>
      renderObject({ name: "test", format: '{{define "a"}}{{template "a"}}{{end}}{{template "a"}}' }, data),
    );
  });
});
