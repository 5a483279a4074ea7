import { toMap } from "../cli/template/values.ts";

/** Parts of what `inspect` shows that are maps to Go: a key that they have not is no mistake in a template. */
const mapFields = new Set([
  ...[
    "Annotations",
    "ExposedPorts",
    "Labels",
    "Networks",
    "Options",
    "PortBindings",
    "Ports",
    "Sysctls",
    "Tmpfs",
    "Volumes",
    "Data",
  ],
]);

/** Fields that JSON leaves out when they are empty, but which every object of Go's has: a template may name them. */
const emptyFields: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "": { HealthCheck: null, SizeRootFs: null, SizeRw: null, Variant: "" },
  Config: {
    ...{ Cmd: [], Entrypoint: [], Env: [], ExposedPorts: new Map(), Labels: new Map(), OnBuild: [] },
    ...{ StopSignal: "", User: "", Volumes: new Map(), WorkingDir: "" },
    ...{ Healthcheck: null, StartupHealthCheck: null },
  },
  State: { Health: null },
};

/** What a template sees of an inspected object: Go maps where Go has maps, and `ID` as another name for `Id`. */
export function toInspectValue(value: object): object {
  const fields = toStruct(value as Record<string, unknown>, "");
  return "Id" in fields ? withHidden(fields, { ID: fields.Id }) : fields;
}

/** Podman's older names, which its templates still accept. */
export function modernFieldNames(template: string): string {
  return template.replaceAll(".Src", ".Source").replaceAll(".Dst", ".Destination").replaceAll(".ImageID", ".Image");
}

function toStruct(record: Readonly<Record<string, unknown>>, foundIn: string): Record<string, unknown> {
  const fields = Object.fromEntries(Object.entries(record).map(([name, value]) => [name, convert(value, name)]));
  const hidden = withHidden(fields, emptyFields[foundIn] ?? {});
  // Podman's older name.
  return foundIn === "State" ? withHidden(hidden, { Healthcheck: hidden.Health }) : hidden;
}

function convert(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((item) => convert(item, name));
  if (typeof value !== "object" || value === null) return value;
  const fields = toStruct(value as Record<string, unknown>, name);
  return mapFields.has(name) ? toMap(fields) : fields;
}

/** Adds fields that templates can name, but that `json` does not print. */
function withHidden(
  fields: Record<string, unknown>,
  hidden: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  for (const [name, value] of Object.entries(hidden)) {
    if (!(name in fields)) Object.defineProperty(fields, name, { value, enumerable: false });
  }
  return fields;
}
