import { defineCommand } from "../../cli/command.ts";
import { endNamespace } from "../../rootless/end.ts";

export const migrate = defineCommand({
  usage: "[options]",
  summary: "Make the user's namespaces anew",
  description:
    "Ends the process that holds the user's namespaces, so that the next command makes new ones: with changed ranges in " +
    "/etc/subuid and /etc/subgid, or with another version of dhow. No container may run.",
  options: {},
  needsNamespace: false,
  async run() {
    await endNamespace();
  },
});
