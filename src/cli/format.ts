import { formatTable } from "./table.ts";
import { executeTemplate } from "./template/execute.ts";
import { parseTemplate } from "./template/parser.ts";

export interface TemplateOptions {
  /** The command's name, for messages: `ps`. */
  readonly name: string;
  /** The value of --format. */
  readonly format: string;
  /** Go's name of the data's type, for messages: `*define.Version`. */
  readonly dataType?: string;
}

/**
 * Runs the user's template on one object. src/cli/template/values.ts says how JavaScript values stand for Go's.
 * @returns The text, which ends with a newline.
 * @throws {DhowError} `invalid-argument` in Go's words.
 */
export function renderObject({ name, format, dataType }: TemplateOptions, data: object): string {
  const text = executeTemplate(
    parseTemplate(name, normalize(format)),
    data,
    dataType === undefined ? {} : { dataType },
  );
  return text.endsWith("\n") ? text : `${text}\n`;
}

export interface RowsOptions extends TemplateOptions {
  /** Headings of `table` templates that are not the field's name in capitals. */
  readonly headings: Readonly<Record<string, string>>;
  readonly noHeading: boolean;
}

/**
 * Runs the user's template on each row, as `{{.ID}}`, `table {{.ID}}\t{{.Names}}` or `{{range .}}...{{end}}` over all.
 * @throws {DhowError} `invalid-argument` in Go's words.
 */
export function renderRows(
  { name, format, dataType, headings, noHeading }: RowsOptions,
  rows: readonly object[],
): string {
  const isTable = format.startsWith("table ");
  const template = parseTemplate(name, overRows(isTable ? columnsOf(format.slice("table ".length)) : format));
  const options = dataType === undefined ? {} : { elementType: dataType };
  const text = executeTemplate(template, rows, options);
  if (!isTable) return text;
  const heading = noHeading ? "" : executeTemplate(template, [headingRow(headings)]);
  return layOut(heading + text);
}

/** In tables white space between actions separates columns, as a tab does. */
function columnsOf(format: string): string {
  return format.trim().replaceAll(/(\{\{.*?\}\})|[ \t]+/gs, (_, action?: string) => action ?? "\t");
}

/** As Podman's: one line a row, unless the template goes through the rows itself. */
function overRows(format: string): string {
  const text = normalize(format);
  const line = text.endsWith("\n") ? text : `${text}\n`;
  return text.startsWith("{{range .") ? line : `{{range .}}${line}{{end -}}`;
}

/** A shell hands over `\t` and `\n` as two characters each. */
function normalize(format: string): string {
  return format.replaceAll("\\t", "\t").replaceAll("\\n", "\n");
}

/** An object that has every field: its heading. */
function headingRow(headings: Readonly<Record<string, string>>): object {
  return new Proxy(
    {},
    {
      has: () => true,
      get: (_, field) => (typeof field === "string" ? (headings[field] ?? spacedCapitals(field)) : undefined),
    },
  );
}

/** `CreatedAt` is headed CREATED AT. */
function spacedCapitals(field: string): string {
  return field.replace(/(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, " ").toUpperCase();
}

function layOut(text: string): string {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return formatTable(lines.map((line) => line.split("\t")));
}
