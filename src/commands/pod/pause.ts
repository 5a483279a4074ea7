import { defineCommand } from "../../cli/command.ts";
import { pausePod } from "../../pod/change.ts";
import { findPods, forEachPod, latestOption } from "./targets.ts";

export const pause = defineCommand({
  usage: "[options] POD [POD...]",
  summary: "Pause one or more pods",
  description:
    "The pod name or ID can be used.\n\nAll running containers within each specified pod will then be paused.",
  examples: ["dhow pod pause podID1 podID2", "dhow pod pause --all"],
  options: {
    ...latestOption,
    all: { type: "boolean", short: "a", describe: "Pause all running pods" },
  },
  operands: { complete: "pods" },
  async run({ options, operands }, { engine, out }) {
    await forEachPod(findPods(engine, { ...options, operands }), async ({ id }) => {
      await pausePod(engine, id);
      out.line(id);
    });
  },
});
