import { describe, expect, it } from "vitest";
import { renderObject, renderRows } from "../../src/cli/format.ts";
import { toMap } from "../../src/cli/template/values.ts";

const rows = [
  { ID: "abc", Names: "web", CreatedAt: "now", Labels: toMap({ a: "1" }), Label: (key: string) => `label ${key}` },
  { ID: "def", Names: "a-database", CreatedAt: "then", Labels: toMap({}), Label: () => "" },
];

function render(format: string, noHeading = false): string {
  return renderRows({ name: "ps", format, dataType: "ps.row", headings: { ID: "CONTAINER ID" }, noHeading }, rows);
}

describe("renderRows()", () => {
  it.each([
    ["{{.ID}}", "abc\ndef\n"],
    ["{{.ID}}\\t{{.Names}}", "abc\tweb\ndef\ta-database\n"],
    ["{{.ID}}\\n", "abc\ndef\n"],
    ["{{range .}}{{.ID}} {{end}}", "abc def \n"],
    ['{{.Label "x"}}', "label x\n\n"],
    ["{{.Labels.a}}", "1\n<no value>\n"],
    ['{{index .Labels "b"}}', "\n\n"],
    ["table {{.ID}}\\t{{.Names}}", "CONTAINER ID  NAMES\nabc           web\ndef           a-database\n"],
    ["table {{.Names}}\\t{{.CreatedAt}}", "NAMES       CREATED AT\nweb         now\na-database  then\n"],
    ["table {{.ID}} {{.Names}}", "CONTAINER ID  NAMES\nabc           web\ndef           a-database\n"],
  ])("%s", (format, text) => {
    expect(render(format)).toBe(text);
  });

  it("leaves the heading out", () => {
    expect(render("table {{.ID}}\\t{{.Names}}", true)).toBe("abc         web\ndef         a-database\n");
  });

  it("prints nothing but the heading without rows", () => {
    const options = { name: "ps", headings: {}, noHeading: false };
    expect(renderRows({ ...options, format: "{{.ID}}" }, [])).toBe("");
    expect(renderRows({ ...options, format: "table {{.ID}}" }, [])).toBe("ID\n");
  });

  it("names the field that rows do not have", () => {
    expect(() => render("{{.Nosuch}}")).toThrow(
      'template: ps:1:13: executing "ps" at <.Nosuch>: can\'t evaluate field Nosuch in type ps.row',
    );
  });
});

describe("renderObject()", () => {
  it("ends with one newline", () => {
    expect(renderObject({ name: "x", format: "{{.A}}" }, { A: 1 })).toBe("1\n");
    expect(renderObject({ name: "x", format: "{{.A}}\\n" }, { A: 1 })).toBe("1\n");
  });
});
