import { defineCommand } from "../../cli/command.ts";
import { untagImage } from "../../image/tag.ts";

export const untag = defineCommand({
  usage: "IMAGE [IMAGE...]",
  summary: "Remove a name from a local image",
  description: "Removes one or more names from a local image: all of them if only the image is given. The image stays.",
  examples: ["dhow untag 0e3bbc2", "dhow untag imageName:latest otherImageName:latest"],
  options: {},
  operands: { min: 1, complete: "images" },
  run({ operands: [image = "", ...names] }, { engine }) {
    untagImage(engine, image, names);
  },
});
