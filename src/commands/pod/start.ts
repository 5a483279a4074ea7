import { defineCommand } from "../../cli/command.ts";
import { startPod } from "../../pod/start.ts";
import { findPods, forEachPod, latestOption, podIdFileOption } from "./targets.ts";

export const start = defineCommand({
  usage: "[options] POD [POD...]",
  summary: "Start one or more pods",
  description: "The pod name or ID can be used.\n\nAll containers defined in the pod will be started.",
  examples: ["dhow pod start podID", "dhow pod start --all"],
  options: {
    ...latestOption,
    ...podIdFileOption,
    all: { type: "boolean", short: "a", describe: "Start all pods" },
  },
  operands: { complete: "pods" },
  async run({ options, operands }, { engine, out }) {
    await forEachPod(findPods(engine, { ...options, operands }), async ({ id, name }) => {
      await startPod(engine, id);
      out.line(name);
    });
  },
});
