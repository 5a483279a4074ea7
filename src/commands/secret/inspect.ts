import { defineCommand } from "../../cli/command.ts";
import type { SecretRecord } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import { readSecret } from "../../secret/secrets.ts";
import { isJsonFormat } from "../listing.ts";
import { secretJson } from "./secret-view.ts";

export const inspect = defineCommand({
  usage: "[options] SECRET [SECRET...]",
  summary: "Inspect a secret",
  description: "Shows what is known of secrets; with --showsecret their content, too.",
  examples: ["dhow secret inspect MYSECRET", "dhow secret inspect --pretty MYSECRET"],
  options: {
    format: { type: "string", short: "f", describe: "Format inspect output using Go template" },
    pretty: { type: "boolean", describe: "Print inspect output in human-readable format" },
    showsecret: { type: "boolean", describe: "Display the secret" },
  },
  operands: { min: 1, complete: "secrets" },
  async run({ options: { format, pretty, showsecret }, operands }, { engine, out }) {
    const found: { record: SecretRecord; content?: Buffer }[] = [];
    const failures: unknown[] = [];
    for (const name of operands) {
      try {
        found.push(showsecret ? readSecret(engine, name) : { record: engine.secrets.get(name) });
      } catch (error) {
        failures.push(asInspectFailure(error));
      }
    }
    const shown = found.map(({ record, content }) => secretJson(record, content));
    if (pretty) for (const { record } of found) out.line(prettyText(record));
    else if (format === undefined || isJsonFormat(format)) out.line(JSON.stringify(shown, undefined, 4));
    else {
      const { renderObject } = await import("../../cli/format.ts");
      const { toInspectValue } = await import("../inspect-value.ts");
      const name = "inspect";
      for (const each of shown)
        out.write(renderObject({ name, format, dataType: "entities.SecretInfoReport" }, toInspectValue(each)));
    }
    if (failures.length > 0) throw new AggregateError(failures);
  },
});

function asInspectFailure(error: unknown): unknown {
  if (!(error instanceof DhowError)) return error;
  return new DhowError(`inspecting secret: ${error.message}`, { kind: error.kind, cause: error.cause });
}

function prettyText({ id, name, driver, labels, createdAt, updatedAt }: SecretRecord): string {
  const pairs = Object.entries(labels).map(([key, value]) => ` - ${key}${value && `=${value}`}`);
  return [
    `ID:              ${id}`,
    `Name:            ${name}`,
    ...(pairs.length > 0 ? ["Labels:", ...pairs] : []),
    `Driver:          ${driver}`,
    `Created at:      ${createdAt.toISOString()}`,
    `Updated at:      ${updatedAt.toISOString()}`,
  ].join("\n");
}
