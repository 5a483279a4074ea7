import { defineCommand } from "../../cli/command.ts";
import { confirmRemoval } from "../../cli/confirm.ts";
import { parseFilters } from "../../cli/filter.ts";
import { pruneContainers } from "../../container/prune.ts";

export const prune = defineCommand({
  usage: "[options]",
  summary: "Remove all non running containers",
  description: "Removes all non running containers",
  examples: ["dhow container prune", "dhow container prune --filter until=24h --force"],
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
  async run({ options }, { engine, out }) {
    const filters = parseFilters(options.filter);
    if (!options.force && !confirmRemoval("This will remove all non running containers.")) return;
    const { removed, failures } = await pruneContainers(engine, filters);
    for (const { id } of removed) out.line(id);
    if (failures.length > 0) throw new AggregateError(failures);
  },
});
