import { defineCommand } from "../../cli/command.ts";

export const exists = defineCommand({
  usage: "SECRET",
  summary: "Check if a secret exists",
  description: "Exits with 0 if the secret exists, with 1 if it does not.",
  examples: ["dhow secret exists ID", "dhow secret exists mysecret || dhow secret create mysecret <secret source>"],
  options: {},
  operands: { min: 1, max: 1, complete: "secrets" },
  run({ operands: [secret = ""] }, { engine }) {
    return engine.secrets.find(secret) ? 0 : 1;
  },
});
