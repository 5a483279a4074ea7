import { defineCommand } from "../../cli/command.ts";

export const exists = defineCommand({
  usage: "NETWORK",
  summary: "Check if a network exists",
  description: "Exits with 0 if the network exists, with 1 if it does not.",
  examples: ["dhow network exists net1"],
  options: {},
  operands: { min: 1, max: 1, complete: "networks" },
  run({ operands: [network = ""] }, { engine }) {
    return engine.networks.find(network) ? 0 : 1;
  },
});
