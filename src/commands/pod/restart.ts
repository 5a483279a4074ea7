import { defineCommand } from "../../cli/command.ts";
import { restartPod } from "../../pod/change.ts";
import { findPods, forEachPod, latestOption } from "./targets.ts";

export const restart = defineCommand({
  usage: "[options] POD [POD...]",
  summary: "Restart one or more pods",
  description:
    "The pod ID or name can be used.\n\nAll of the containers within each of the specified pods will be restarted. If a container in a pod is not currently running it will be started.",
  examples: ["dhow pod restart podID1 podID2", "dhow pod restart --all"],
  options: {
    ...latestOption,
    all: { type: "boolean", short: "a", describe: "Restart all running pods" },
  },
  operands: { complete: "pods" },
  async run({ options, operands }, { engine, out }) {
    await forEachPod(findPods(engine, { ...options, operands }), async ({ id }) => {
      await restartPod(engine, id);
      out.line(id);
    });
  },
});
