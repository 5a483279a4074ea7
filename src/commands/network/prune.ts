import { defineCommand } from "../../cli/command.ts";
import { confirmRemoval } from "../../cli/confirm.ts";
import { parseFilters } from "../../cli/filter.ts";
import { pruneNetworks } from "../../user-network/remove.ts";

export const prune = defineCommand({
  usage: "[options]",
  summary: "Remove networks that no container is connected to",
  description: "Removes the networks that no container is connected to. Asks first, unless --force is given.",
  examples: ["dhow network prune", "dhow network prune --force --filter label=stage=test"],
  options: {
    filter: {
      type: "string",
      array: true,
      describe: "Provide filter values (e.g. 'label=<key>=<value>')",
      valueName: "stringArray",
    },
    force: { type: "boolean", short: "f", describe: "Do not prompt for confirmation" },
  },
  operands: { max: 0 },
  async run({ options: { filter, force } }, { engine, out }) {
    if (!force && !confirmRemoval("This will remove all networks not used by at least one container.")) return;
    for (const name of await pruneNetworks(engine, parseFilters(filter))) out.line(name);
  },
});
