import { defineCommand } from "../../cli/command.ts";
import { confirmRemoval } from "../../cli/confirm.ts";
import { resetSystem } from "../../upkeep/reset.ts";

export const reset = defineCommand({
  usage: "[options]",
  summary: "Remove everything that dhow keeps",
  description:
    "Stops and removes all containers, and removes all images and volumes with the folders of dhow: the next command starts afresh. Logins and configuration stay.",
  examples: ["dhow system reset", "dhow system reset --force"],
  options: { force: { type: "boolean", short: "f", describe: "Do not prompt for confirmation" } },
  operands: { max: 0 },
  async run({ options }, { engine }) {
    const { data, run } = engine.paths;
    const warning = [
      "This will remove:",
      "        - all containers",
      "        - all images",
      "        - all networks",
      "        - all volumes",
      `        - the graphRoot directory: ${JSON.stringify(data)}`,
      `        - the runRoot directory: ${JSON.stringify(run)}`,
    ];
    if (!options.force && !confirmRemoval(warning.join("\n"))) return;
    const failures = await resetSystem(engine);
    if (failures.length > 0) throw new AggregateError(failures);
  },
});
