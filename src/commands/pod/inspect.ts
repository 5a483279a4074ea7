import { defineCommand } from "../../cli/command.ts";
import { formatOption, showInspected } from "../inspect.ts";
import { latestOption } from "./targets.ts";

export const inspect = defineCommand({
  usage: "[options] POD [POD...]",
  summary: "Display a pod configuration",
  description:
    "Display the configuration for a pod by name or id\n\nBy default, this will render all results in a JSON array.",
  examples: ["dhow pod inspect podID"],
  options: { ...formatOption, ...latestOption },
  operands: { complete: "pods" },
  run: ({ options, operands }, { engine, out }) =>
    showInspected({ ...options, operands, type: "pod", size: false }, { engine, out }),
});
