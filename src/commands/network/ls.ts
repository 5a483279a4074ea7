import { defineCommand } from "../../cli/command.ts";
import { parseFilters } from "../../cli/filter.ts";
import { networkFilter } from "../../user-network/filters.ts";
import { showListing } from "../listing.ts";
import { networkJson, networkListFields } from "./network-view.ts";

export const ls = defineCommand({
  usage: "[options]",
  summary: "List networks",
  description: "Lists all networks. The output can be filtered, and shown as JSON or by a Go template.",
  examples: [
    "dhow network ls",
    "dhow network ls --format '{{.Name}} {{.Driver}}'",
    "dhow network ls -qf dangling=true",
  ],
  options: {
    filter: {
      type: "string",
      short: "f",
      array: true,
      describe: "Provide filter values (e.g. 'name=podman')",
      valueName: "stringArray",
    },
    format: { type: "string", describe: "Pretty-print networks to JSON or using a Go template" },
    "no-trunc": { type: "boolean", describe: "Do not truncate the network ID" },
    noheading: { type: "boolean", short: "n", describe: "Do not print headers" },
    quiet: { type: "boolean", short: "q", describe: "Display only names" },
  },
  operands: { max: 0 },
  async run({ options }, { engine, out }) {
    const rows = engine.networks.list().filter(networkFilter(engine, parseFilters(options.filter)));
    if (options.quiet) {
      for (const { name } of rows) out.line(name);
      return;
    }
    const noTrunc = options["no-trunc"];
    await showListing(out, {
      name: "ls",
      dataType: "network.ListPrintReports",
      rows,
      format: options.format,
      noHeading: options.noheading,
      columns: [
        ["NETWORK ID", ({ id }) => (noTrunc ? id : id.slice(0, 12))],
        ["NAME", ({ name }) => name],
        ["DRIVER", () => "bridge"],
      ],
      headings: { ID: "NETWORK ID" },
      fields: (network) => networkListFields(network, noTrunc),
      json: networkJson,
      jsonIndent: 2,
    });
  },
});
