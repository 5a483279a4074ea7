import type { CommandTree } from "../../cli/command.ts";

/** `dhow secret ...` */
export const secretGroup: CommandTree = {
  create: {
    summary: "Create a new secret",
    load: () => import("./create.ts").then((module) => module.create),
  },
  exists: {
    summary: "Check if a secret exists",
    load: () => import("./exists.ts").then((module) => module.exists),
  },
  inspect: {
    summary: "Show what is known of secrets",
    load: () => import("./inspect.ts").then((module) => module.inspect),
  },
  list: {
    summary: "List secrets",
    aliases: ["ls"],
    load: () => import("./ls.ts").then((module) => module.ls),
  },
  rm: {
    summary: "Remove secrets",
    load: () => import("./rm.ts").then((module) => module.rm),
  },
};
