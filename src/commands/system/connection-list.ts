import { defineCommand } from "../../cli/command.ts";
import { showListing } from "../listing.ts";

/** For scripts that look whether Podman is a remote one: dhow drives the containers of this machine only. */
export const connectionList = defineCommand({
  usage: "[options]",
  summary: "List remote engines: there are none, dhow drives the containers of this machine",
  options: {
    format: { type: "string", short: "f", describe: "Change the output format to JSON or a Go template" },
    quiet: { type: "boolean", short: "q", describe: "Display only names" },
  },
  operands: { max: 0 },
  needsNamespace: false,
  async run({ options }, { out }) {
    if (options.quiet) return;
    await showListing<never>(out, {
      name: "connection",
      dataType: "system.namedDestination",
      rows: [],
      format: options.format,
      noHeading: false,
      columns: ["Name", "URI", "Identity", "Default", "ReadWrite"].map((heading) => [heading, () => ""] as const),
      headings: {},
      fields: () => ({}),
      json: () => ({}),
      jsonIndent: 4,
    });
  },
});
