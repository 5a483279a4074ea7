import { defineCommand } from "../../cli/command.ts";
import { stopPod } from "../../pod/change.ts";
import { stopTimeOption } from "../container/targets.ts";
import { findPods, forEachPod, latestOption, podIdFileOption } from "./targets.ts";

export const stop = defineCommand({
  usage: "[options] POD [POD...]",
  summary: "Stop one or more pods",
  description:
    "The pod name or ID can be used.\n\nThis command will stop all running containers in each of the specified pods.",
  examples: ["dhow pod stop mywebserverpod", "dhow pod stop --time 0 490eb 3557fb"],
  options: {
    ...latestOption,
    ...podIdFileOption,
    all: { type: "boolean", short: "a", describe: "Stop all running pods" },
    ignore: { type: "boolean", short: "i", describe: "Ignore errors when a specified pod is missing" },
    ...stopTimeOption,
  },
  operands: { complete: "pods" },
  async run({ options, operands }, { engine, out }) {
    await forEachPod(findPods(engine, { ...options, operands }), async ({ id, name }) => {
      await stopPod(engine, id, { timeoutSeconds: options.time });
      out.line(name);
    });
  },
});
