import { defineCommand } from "../../cli/command.ts";
import { renameContainer } from "../../container/rename.ts";

export const rename = defineCommand({
  usage: "CONTAINER NAME",
  summary: "Rename an existing container",
  description: "The rename command allows you to rename an existing container",
  options: {},
  operands: { min: 2, max: 2, complete: "containers" },
  async run({ operands: [target = "", name = ""] }, { engine }) {
    await renameContainer(engine, target.replace(/^\//, ""), name.replace(/^\//, ""));
  },
});
