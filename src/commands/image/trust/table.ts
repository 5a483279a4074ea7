import type { CommandTree } from "../../../cli/command.ts";

/** `dhow image trust ...` */
export const trustGroup: CommandTree = {
  set: {
    summary: "Set the default trust policy or that of a registry",
    load: () => import("./set.ts").then((module) => module.set),
  },
  show: {
    summary: "Show the trust policy",
    load: () => import("./show.ts").then((module) => module.show),
  },
};
