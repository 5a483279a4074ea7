import type { CommandEntry, CommandTree } from "../../cli/command.ts";

export const buildEntry: CommandEntry = {
  summary: "Build an image from a Containerfile",
  topic: "images",
  load: () => import("./build.ts").then((module) => module.build),
};

const version: CommandEntry = {
  summary: "Show the version of the builder",
  load: () => import("./version.ts").then((module) => module.version),
};

/** `dhow buildx ...`: Docker's name for the builder. */
export const buildxGroup: CommandTree = { build: { ...buildEntry, aliases: ["b"] }, version };

/** `dhow builder ...` */
export const builderGroup: CommandTree = { build: buildEntry };
