import { defineCommand } from "../../cli/command.ts";
import { confirmRemoval } from "../../cli/confirm.ts";
import { prunePods } from "../../pod/prune.ts";

export const prune = defineCommand({
  usage: "[options]",
  summary: "Remove all stopped pods and their containers",
  description: "Removes all pods that have stopped, with their containers.",
  examples: ["dhow pod prune"],
  options: {
    force: { type: "boolean", short: "f", describe: "Do not prompt for confirmation. The default is false" },
  },
  operands: { max: 0 },
  async run({ options }, { engine, out }) {
    if (!options.force && !confirmRemoval("This will remove all stopped/exited pods..")) return;
    const { removed, failures } = await prunePods(engine);
    for (const id of removed) out.line(id);
    if (failures.length > 0) throw new AggregateError(failures);
  },
});
