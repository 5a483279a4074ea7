import { defineCommand } from "../../cli/command.ts";
import { killContainer } from "../../container/kill.ts";
import { canKill } from "../../container/state.ts";
import { parseSignal } from "../../oci/signal.ts";
import { cidFileOption, findTargets, forEachTarget, targetOptions } from "./targets.ts";

export const kill = defineCommand({
  usage: "[options] CONTAINER [CONTAINER...]",
  summary: "Kill one or more running containers with a specific signal",
  description:
    "The main process inside each container specified will be sent SIGKILL, or any signal specified with option --signal.",
  options: {
    ...targetOptions,
    ...cidFileOption,
    all: { type: "boolean", short: "a", describe: "Signal all running containers" },
    signal: { type: "string", short: "s", default: "KILL", describe: "Signal to send to the container" },
  },
  operands: { complete: "running-containers" },
  async run({ options, operands }, { engine, out }) {
    const signal = parseSignal(options.signal.replace(/^-(?=.)/, ""));
    const found = await findTargets(engine, { ...options, operands });
    await forEachTarget(found, async ({ record, shown }) => {
      if (options.all && !canKill(record.state)) return;
      await killContainer(engine, record.id, signal.number);
      out.line(shown);
    });
  },
});
