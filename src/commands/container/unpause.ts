import { defineCommand } from "../../cli/command.ts";
import { unpauseContainer } from "../../container/pause.ts";
import { isPaused } from "../../container/state.ts";
import { cidFileOption, filterOption, findTargets, forEachTarget, targetOptions } from "./targets.ts";

export const unpause = defineCommand({
  usage: "[options] CONTAINER [CONTAINER...]",
  summary: "Unpause the processes in one or more containers",
  description: "Unpauses one or more previously paused containers.  The container name or ID can be used.",
  examples: ["dhow unpause ctrID", "dhow unpause --all"],
  options: {
    ...targetOptions,
    ...cidFileOption,
    ...filterOption,
    all: { type: "boolean", short: "a", describe: "Unpause all paused containers" },
  },
  operands: { complete: "containers" },
  async run({ options, operands }, { engine, out }) {
    const found = await findTargets(engine, { ...options, operands });
    const passOver = options.all || options.filter.length > 0;
    await forEachTarget(found, async ({ record, shown }) => {
      if (passOver && !isPaused(record.state)) return;
      await unpauseContainer(engine, record.id);
      out.line(shown);
    });
  },
});
