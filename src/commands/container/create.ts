import { defineCommand } from "../../cli/command.ts";
import { createOptions } from "../../cli/options/container.ts";
import { createFromCommandLine } from "./creation.ts";

export const create = defineCommand({
  usage: "[options] IMAGE [COMMAND [ARG...]]",
  summary: "Create but do not start a container",
  description:
    "Creates a writable container layer over the specified image and prepares it for running the specified command. The container ID is then printed to STDOUT. You can then start it at any time with the 'start' command. The container will be created with the initial state 'created'.",
  options: createOptions,
  operands: { min: 1, interspersed: false, complete: "images" },
  async run(given, context) {
    context.out.line((await createFromCommandLine(given, context)).id);
  },
});
