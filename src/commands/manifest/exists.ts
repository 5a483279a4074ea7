import { defineCommand } from "../../cli/command.ts";

export const exists = defineCommand({
  usage: "MANIFEST",
  summary: "Check if a manifest list exists in local storage",
  description: "Exits with 0 if the manifest list exists in local storage, with 1 if it does not.",
  examples: ["dhow manifest exists mylist"],
  options: {},
  operands: { min: 1, max: 1, complete: "images" },
  run({ operands: [name = ""] }, { engine }) {
    return engine.manifestLists.find(name) ? 0 : 1;
  },
});
