import { defineCommand } from "../../cli/command.ts";

export const reload = defineCommand({
  usage: "",
  summary: "Reload all volumes from volume plugins: there are none",
  description:
    "Brings the list of volumes up to date with what volume plugins know. dhow has no plugins: nothing changes.",
  examples: ["dhow volume reload"],
  options: {},
  operands: { max: 0 },
  run() {},
});
