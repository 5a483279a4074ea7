import type { CommandTree } from "../../cli/command.ts";

/** `dhow manifest ...` */
export const manifestGroup: CommandTree = {
  add: {
    summary: "Add images or artifacts to a manifest list",
    load: () => import("./add.ts").then((module) => module.add),
  },
  annotate: {
    summary: "Change what a manifest list says of an entry",
    load: () => import("./annotate.ts").then((module) => module.annotate),
  },
  create: {
    summary: "Make a manifest list",
    load: () => import("./create.ts").then((module) => module.create),
  },
  exists: {
    summary: "Check if a manifest list is stored",
    load: () => import("./exists.ts").then((module) => module.exists),
  },
  inspect: {
    summary: "Show a manifest list, or what a name stands for in a registry",
    load: () => import("./inspect.ts").then((module) => module.inspect),
  },
  push: {
    summary: "Push a manifest list with its images to a registry",
    load: () => import("./push.ts").then((module) => module.push),
  },
  remove: {
    summary: "Remove an entry from a manifest list",
    load: () => import("./remove.ts").then((module) => module.remove),
  },
  rm: {
    summary: "Remove manifest lists",
    load: () => import("./rm.ts").then((module) => module.rm),
  },
};
