import { defineCommand } from "../../cli/command.ts";
import { pauseContainer } from "../../container/pause.ts";
import { canPause } from "../../container/state.ts";
import { cidFileOption, filterOption, findTargets, forEachTarget, targetOptions } from "./targets.ts";

export const pause = defineCommand({
  usage: "[options] CONTAINER [CONTAINER...]",
  summary: "Pause all the processes in one or more containers",
  description: "Pauses one or more running containers.  The container name or ID can be used.",
  examples: ["dhow pause mywebserver", "dhow pause --all"],
  options: {
    ...targetOptions,
    ...cidFileOption,
    ...filterOption,
    all: { type: "boolean", short: "a", describe: "Pause all running containers" },
  },
  operands: { complete: "running-containers" },
  async run({ options, operands }, { engine, out }) {
    const found = await findTargets(engine, { ...options, operands });
    const passOver = options.all || options.filter.length > 0;
    await forEachTarget(found, async ({ record, shown }) => {
      if (passOver && !canPause(record.state)) return;
      await pauseContainer(engine, record.id);
      out.line(shown);
    });
  },
});
