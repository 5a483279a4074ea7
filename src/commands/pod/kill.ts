import { defineCommand } from "../../cli/command.ts";
import { parseSignal } from "../../oci/signal.ts";
import { killPod } from "../../pod/change.ts";
import { findPods, forEachPod, latestOption } from "./targets.ts";

export const kill = defineCommand({
  usage: "[options] POD [POD...]",
  summary: "Send the specified signal or SIGKILL to containers in pod",
  description:
    "Signals are sent to the main process of each container inside the specified pod.\n\nThe default signal is SIGKILL, or any signal specified with option --signal.",
  examples: ["dhow pod kill podID", "dhow pod kill --signal TERM mywebserver"],
  options: {
    ...latestOption,
    all: { type: "boolean", short: "a", describe: "Kill all containers in all pods" },
    signal: { type: "string", short: "s", default: "KILL", describe: "Signal to send to the containers in the pod" },
  },
  operands: { complete: "pods" },
  async run({ options, operands }, { engine, out }) {
    const { number } = parseSignal(options.signal.replace(/^-(?=.)/, ""));
    await forEachPod(findPods(engine, { ...options, operands }), async ({ id }) => {
      await killPod(engine, id, number);
      out.line(id);
    });
  },
});
