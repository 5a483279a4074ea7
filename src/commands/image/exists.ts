import { defineCommand } from "../../cli/command.ts";
import { isStored } from "../../image/find.ts";

export const exists = defineCommand({
  usage: "IMAGE",
  summary: "Check if an image exists in local storage",
  description: "Exits with 0 if the image exists in local storage, with 1 if it does not.",
  examples: ["dhow image exists ID", "dhow image exists IMAGE && dhow rmi IMAGE"],
  options: {},
  operands: { min: 1, max: 1, complete: "images" },
  run({ operands: [image = ""] }, { engine }) {
    return isStored(engine, image) ? 0 : 1;
  },
});
