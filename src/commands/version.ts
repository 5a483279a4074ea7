import { defineCommand } from "../cli/command.ts";
import { version as dhowVersion } from "../version.ts";

export const version = defineCommand({
  usage: "[options]",
  summary: "Show the version of dhow",
  examples: ["dhow version", "dhow version --format '{{.Client.Version}}'"],
  options: {
    format: { type: "string", short: "f", describe: "Print as json or by a Go template", valueName: "string" },
  },
  needsNamespace: false,
  run({ options: _ }, { out }) {
    out.line(`Version: ${dhowVersion}`);
  },
});
