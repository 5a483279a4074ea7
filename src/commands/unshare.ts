import { defineCommand } from "../cli/command.ts";
import { runInNamespace } from "../rootless/run-program.ts";

export const unshare = defineCommand({
  usage: "[options] [COMMAND [ARG...]]",
  summary: "Run a command in the user's namespaces",
  description:
    "Runs a command as root of the user namespace in which containers run: files that belong to ids of containers can be " +
    "looked at and changed there. Without a command it starts $SHELL.",
  examples: ["dhow unshare cat /proc/self/uid_map", "dhow unshare rm -r folder-of-a-container"],
  options: {},
  operands: { interspersed: false, complete: "files" },
  run({ operands }) {
    return runInNamespace(operands);
  },
});
