import type { CommandTree } from "../../cli/command.ts";

/** `dhow healthcheck ...` */
export const healthcheckGroup: CommandTree = {
  run: {
    summary: "Run the health check of a container",
    load: () => import("./run.ts").then((module) => module.healthcheckRun),
  },
};
