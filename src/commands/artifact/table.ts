import type { CommandTree } from "../../cli/command.ts";

/** `dhow artifact ...` */
export const artifactGroup: CommandTree = {
  add: {
    summary: "Make an artifact of files, or add files to one",
    load: () => import("./add.ts").then((module) => module.add),
  },
  extract: {
    summary: "Copy the files of an artifact to a file or a folder",
    load: () => import("./extract.ts").then((module) => module.extract),
  },
  inspect: {
    summary: "Show the manifest of an artifact",
    load: () => import("./inspect.ts").then((module) => module.inspect),
  },
  ls: {
    summary: "List artifacts",
    aliases: ["list"],
    load: () => import("./ls.ts").then((module) => module.ls),
  },
  pull: {
    summary: "Pull an artifact from a registry",
    load: () => import("./pull.ts").then((module) => module.pull),
  },
  push: {
    summary: "Push an artifact to a registry",
    load: () => import("./push.ts").then((module) => module.push),
  },
  rm: {
    summary: "Remove artifacts",
    aliases: ["remove"],
    load: () => import("./rm.ts").then((module) => module.rm),
  },
};
