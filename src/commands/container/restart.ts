import { defineCommand } from "../../cli/command.ts";
import { recordEvent } from "../../container/record-event.ts";
import { startContainer } from "../../container/start.ts";
import { canStop } from "../../container/state.ts";
import { stopContainer } from "../../container/stop.ts";
import { cidFileOption, findTargets, forEachTarget, stopTimeOption, targetOptions } from "./targets.ts";

export const restart = defineCommand({
  usage: "[options] CONTAINER [CONTAINER...]",
  summary: "Restart one or more containers",
  description: "Restarts one or more running containers. The container ID or name can be used.",
  options: {
    ...targetOptions,
    ...cidFileOption,
    all: { type: "boolean", short: "a", describe: "Restart all containers regardless of their state" },
    filter: { type: "string", array: true, short: "f", describe: "Filter output based on conditions given" },
    running: { type: "boolean", describe: "Restart only running containers" },
    ...stopTimeOption,
  },
  operands: { complete: "containers" },
  async run({ options, operands }, { engine, out }) {
    const found = await findTargets(engine, { ...options, operands, all: options.all || options.running });
    await forEachTarget(found, async ({ record, shown }) => {
      const isRunning = canStop(record.state);
      if (options.running && !isRunning) return;
      if (isRunning) await stopContainer(engine, record.id, { timeoutSeconds: options.time, keep: true });
      await startContainer(engine, record.id);
      recordEvent(engine, record, "restart");
      out.line(shown);
    });
  },
});
