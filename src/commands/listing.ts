import type { Output } from "../cli/output.ts";
import { formatTable } from "../cli/table.ts";

/** How a listing is shown: as the usual table, as JSON, or by the user's template. */
export interface Listing<Row> {
  /** For the messages of templates: `ps`. */
  readonly name: string;
  /** Podman's name of a row's type, for the same messages: `containers.psReporter`. */
  readonly dataType: string;
  readonly rows: readonly Row[];
  /** The value of --format, if it was given. */
  readonly format: string | undefined;
  readonly noHeading: boolean;
  /** Headings and cells of the usual table. */
  readonly columns: readonly Column<Row>[];
  /** What a template sees of a row. */
  fields(row: Row): object;
  /** Headings of `table` templates that are not the field's name in capitals. */
  readonly headings: Readonly<Record<string, string>>;
  /** One element of `--format json`. */
  json(row: Row): object;
  readonly jsonIndent: number;
  /** What `{{json .}}` prints of each row, on a line of its own; undefined where that means the same as `json`. */
  lineJson?(row: Row): object;
}

export type Column<Row> = readonly [heading: string, cell: (row: Row) => string];

/** Shows a listing. The template engine is loaded only for a template. */
export async function showListing<Row>(out: Output, listing: Listing<Row>): Promise<void> {
  const { format, rows, columns, noHeading, lineJson } = listing;
  if (lineJson && /^\s*\{\{\s*json\s+\.\s*\}\}\s*$/.test(format ?? "")) {
    for (const row of rows) out.line(JSON.stringify(lineJson(row)));
  } else if (format !== undefined && isJsonFormat(format)) {
    out.line(JSON.stringify(rows.map(listing.json), undefined, listing.jsonIndent));
  } else if (format !== undefined) {
    const { renderRows } = await import("../cli/format.ts");
    const { name, dataType, headings } = listing;
    out.write(renderRows({ name, format, dataType, headings, noHeading }, rows.map(listing.fields)));
  } else {
    const cells = rows.map((row) => columns.map(([, cell]) => cell(row)));
    out.write(formatTable(noHeading ? cells : [columns.map(([heading]) => heading), ...cells]));
  }
}

/** Whether --format asks for JSON: `json`, or a template that only prints everything as JSON. */
export function isJsonFormat(format: string): boolean {
  return /^\s*(?:json|\{\{\s*json\s*\.?\s*\}\})\s*$/.test(format);
}
