import { toMap } from "../cli/template/values.ts";

/** Parts of what `inspect` shows that are maps to Go: a key that they have not is no mistake in a template. */
const mapFields = new Set([
  ...[
    "Annotations",
    "ExposedPorts",
    "Labels",
    "Networks",
    "PortBindings",
    "Ports",
    "Sysctls",
    "Tmpfs",
    "Volumes",
    "Data",
  ],
]);

/** What a template sees of an inspected object: Go maps where Go has maps, and `ID` as another name for `Id`. */
export function toInspectValue(value: object): object {
  const fields = toStruct(value as Record<string, unknown>);
  if (!("Id" in fields)) return fields;
  return Object.defineProperty(fields, "ID", { value: fields.Id, enumerable: false });
}

/** Podman's older names, which its templates still accept. */
export function modernFieldNames(template: string): string {
  return template.replaceAll(".Src", ".Source").replaceAll(".Dst", ".Destination").replaceAll(".ImageID", ".Image");
}

function toStruct(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, convert(value, mapFields.has(name))]));
}

function convert(value: unknown, isMap: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => convert(item, false));
  if (typeof value !== "object" || value === null) return value;
  const fields = toStruct(value as Record<string, unknown>);
  return isMap ? toMap(fields) : fields;
}
