import { defineCommand } from "../../cli/command.ts";
import { canStop } from "../../container/state.ts";
import { stopContainer, stopPodIfDone } from "../../container/stop.ts";
import { cidFileOption, findTargets, forEachTarget, stopTimeOption, targetOptions } from "./targets.ts";

export const stop = defineCommand({
  usage: "[options] CONTAINER [CONTAINER...]",
  summary: "Stop one or more containers",
  description:
    "Stops one or more running containers.  The container name or ID can be used. A timeout to forcibly stop the container can also be set but defaults to 10 seconds otherwise.",
  examples: ["dhow stop ctrID", "dhow stop --time 2 mywebserver 6e534f14da9d"],
  options: {
    ...targetOptions,
    ...cidFileOption,
    all: { type: "boolean", short: "a", describe: "Stop all running containers" },
    filter: { type: "string", array: true, short: "f", describe: "Filter output based on conditions given" },
    ignore: { type: "boolean", short: "i", describe: "Ignore errors when a specified container is missing" },
    ...stopTimeOption,
  },
  operands: { complete: "running-containers" },
  async run({ options, operands }, { engine, out }) {
    const found = await findTargets(engine, { ...options, operands });
    const passOver = options.all || options.filter.length > 0;
    await forEachTarget(found, async ({ record, shown }) => {
      if (passOver && !canStop(record.state)) return;
      await stopContainer(engine, record.id, { timeoutSeconds: options.time });
      await stopPodIfDone(engine, record);
      out.line(shown);
    });
  },
});
