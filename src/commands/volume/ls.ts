import { defineCommand } from "../../cli/command.ts";
import { parseFilters } from "../../cli/filter.ts";
import { aliveContainers } from "../../container/volume-users.ts";
import { DhowError } from "../../errors.ts";
import { listVolumes } from "../../volume/list.ts";
import { showListing } from "../listing.ts";
import { volumeJson, volumeListFields } from "./volume-view.ts";

export const ls = defineCommand({
  usage: "[options]",
  summary: "List volumes",
  description: "Lists all volumes. The output can be filtered, and shown as JSON or by a Go template.",
  examples: [
    "dhow volume ls",
    "dhow volume ls --format '{{.Driver}} {{.Scope}}'",
    "dhow volume ls -f dangling=true -q",
  ],
  options: {
    filter: { type: "string", short: "f", array: true, describe: "Filter volume output", valueName: "stringArray" },
    format: { type: "string", describe: "Format volume output using Go template" },
    noheading: { type: "boolean", short: "n", describe: "Do not print headers" },
    quiet: { type: "boolean", short: "q", describe: "Print volume output in quiet mode" },
  },
  operands: { max: 0 },
  async run({ options, changed }, { engine, out }) {
    if (options.quiet && changed("format")) {
      throw new DhowError("quiet and format flags cannot be used together", { kind: "invalid-argument" });
    }
    const rows = listVolumes(engine, parseFilters(options.filter), aliveContainers(engine));
    if (options.quiet) {
      for (const { volume } of rows) out.line(volume.name);
      return;
    }
    await showListing(out, {
      name: "ls",
      dataType: "volumes.volumeReporter",
      rows,
      format: options.format,
      noHeading: options.noheading,
      columns:
        rows.length === 0
          ? []
          : [
              ["DRIVER", () => "local"],
              ["VOLUME NAME", ({ volume }) => volume.name],
            ],
      headings: { Name: "VOLUME NAME" },
      fields: volumeListFields,
      json: volumeJson,
      jsonIndent: 2,
    });
  },
});
