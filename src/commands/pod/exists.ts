import { defineCommand } from "../../cli/command.ts";

export const exists = defineCommand({
  usage: "POD",
  summary: "Check if a pod exists in local storage",
  description: "Exits with 0 if the named pod exists in local storage, with 1 if it does not.",
  examples: ["dhow pod exists podID", "dhow pod exists mypod || dhow pod create --name mypod"],
  options: {},
  operands: { min: 1, max: 1, complete: "pods" },
  run({ operands: [name = ""] }, { engine }) {
    const pod = engine.pods.find(name);
    return pod && !pod.isBeingRemoved ? 0 : 1;
  },
});
