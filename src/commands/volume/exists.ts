import { defineCommand } from "../../cli/command.ts";

export const exists = defineCommand({
  usage: "VOLUME",
  summary: "Check if a volume exists",
  description: "Exits with 0 if the volume exists, with 1 if it does not.",
  examples: ["dhow volume exists myvol"],
  options: {},
  operands: { min: 1, max: 1, complete: "volumes" },
  run({ operands: [volume = ""] }, { engine }) {
    return engine.volumes.find(volume)?.name === volume ? 0 : 1;
  },
});
