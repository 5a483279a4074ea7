import { defineCommand } from "../../cli/command.ts";
import { parseFilters } from "../../cli/filter.ts";
import { humanSince } from "../../cli/human.ts";
import { secretFilter } from "../../secret/filters.ts";
import { showListing } from "../listing.ts";
import { secretJson } from "./secret-view.ts";

export const ls = defineCommand({
  usage: "[options]",
  summary: "List secrets",
  description: "Lists secrets: what is known of them, never their content.",
  examples: ["dhow secret ls", "dhow secret ls --format '{{.Name}} {{.Driver}}'"],
  options: {
    filter: { type: "string", short: "f", array: true, describe: "Filter secret output", valueName: "stringArray" },
    format: { type: "string", describe: "Format secret output using Go template" },
    noheading: { type: "boolean", short: "n", describe: "Do not print headers" },
    quiet: { type: "boolean", short: "q", describe: "Print secret IDs only" },
  },
  operands: { max: 0 },
  async run({ options, changed }, { engine, out }) {
    const rows = engine.secrets.list().filter(secretFilter(parseFilters(options.filter)));
    if (options.quiet && !changed("format")) {
      for (const { id } of rows) out.line(id);
      return;
    }
    await showListing(out, {
      name: "ls",
      dataType: "entities.SecretListReport",
      rows,
      format: options.format,
      noHeading: options.noheading,
      columns: [
        ["ID", ({ id }) => id],
        ["NAME", ({ name }) => name],
        ["DRIVER", ({ driver }) => driver],
        ["CREATED", ({ createdAt }) => humanSince(createdAt)],
        ["UPDATED", ({ updatedAt }) => humanSince(updatedAt)],
      ],
      headings: { CreatedAt: "CREATED", UpdatedAt: "UPDATED" },
      fields: ({ id, name, driver, labels, createdAt, updatedAt }) => ({
        ...{ ID: id, Name: name, Driver: driver },
        ...{ CreatedAt: humanSince(createdAt), UpdatedAt: humanSince(updatedAt) },
        Labels: Object.entries(labels)
          .map(([key, value]) => `${key}=${value}`)
          .join(","),
        Label: (key: string) => labels[key] ?? "",
      }),
      json: (row) => secretJson(row),
      jsonIndent: 4,
    });
  },
});
