import { expect, it } from "vitest";
import type { Output } from "../../src/cli/output.ts";
import { showListing } from "../../src/commands/listing.ts";

it("prints a JSON object a line for {{json .}}, and one list for json", async () => {
  const lines: string[] = [];
  const out = { line: (text: string) => void lines.push(text) } as unknown as Output;
  const show = (format: string) =>
    showListing(out, {
      name: "x",
      dataType: "x",
      rows: [1, 2],
      format,
      noHeading: false,
      columns: [],
      headings: {},
      fields: () => ({}),
      json: (n) => ({ n }),
      jsonIndent: 0,
      lineJson: (n) => ({ raw: n }),
    });
  await show("{{json .}}");
  expect(lines).toEqual(['{"raw":1}', '{"raw":2}']);
  await show("json");
  expect(lines.at(-1)).toBe('[{"n":1},{"n":2}]');
});
