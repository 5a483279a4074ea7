import { defineCommand } from "../../cli/command.ts";
import { tagImage } from "../../image/tag.ts";

export const tag = defineCommand({
  usage: "IMAGE TARGET_NAME [TARGET_NAME...]",
  summary: "Add an additional name to a local image",
  description: "Adds one or more names to a local image. A short name goes below localhost/.",
  examples: ["dhow tag 0e3bbc2 fedora:latest", "dhow tag httpd myregistryhost:5000/fedora/httpd:v2"],
  options: {},
  operands: { min: 2, complete: "images" },
  async run({ operands: [image = "", ...names] }, { engine }) {
    await tagImage(engine, image, names);
  },
});
