import { defineCommand } from "../../cli/command.ts";
import { showListing } from "../listing.ts";
import { artifactFields } from "./artifact-view.ts";

export const ls = defineCommand({
  usage: "[options]",
  summary: "List OCI artifacts",
  description: "Lists the artifacts that are stored locally.",
  examples: ["dhow artifact ls", 'dhow artifact ls --format "{{.Digest}} {{.Size}}"'],
  options: {
    format: { type: "string", describe: "Format output using JSON or a Go template" },
    "no-trunc": { type: "boolean", describe: "Do not truncate output" },
    noheading: { type: "boolean", short: "n", describe: "Do not print column headings" },
  },
  operands: { max: 0 },
  async run({ options }, { engine, out }) {
    await showListing(out, {
      name: "ls",
      dataType: "artifact.artifactListOutput",
      rows: engine.artifacts.list().map((artifact) => artifactFields(artifact, options["no-trunc"])),
      format: options.format,
      noHeading: options.noheading,
      columns: [
        ["REPOSITORY", ({ Repository }) => Repository],
        ["TAG", ({ Tag }) => Tag],
        ["DIGEST", ({ Digest }) => Digest],
        ["SIZE", ({ Size }) => Size],
      ],
      headings: {},
      fields: (row) => row,
      json: (row) => row,
      jsonIndent: 4,
    });
  },
});
