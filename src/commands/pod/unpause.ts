import { defineCommand } from "../../cli/command.ts";
import { unpausePod } from "../../pod/change.ts";
import { findPods, forEachPod, latestOption } from "./targets.ts";

export const unpause = defineCommand({
  usage: "[options] POD [POD...]",
  summary: "Unpause one or more pods",
  description: "Lets all paused containers of the pod go on.\n\nThe pod name or ID can be used.",
  examples: ["dhow pod unpause podID1 podID2", "dhow pod unpause --all"],
  options: {
    ...latestOption,
    all: { type: "boolean", short: "a", describe: "Unpause all running pods" },
  },
  operands: { complete: "pods" },
  async run({ options, operands }, { engine, out }) {
    await forEachPod(findPods(engine, { ...options, operands }), async ({ id }) => {
      if (await unpausePod(engine, id)) out.line(id);
    });
  },
});
