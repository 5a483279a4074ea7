import type { CommandTree } from "../../cli/command.ts";

/** `dhow network ...` */
export const networkGroup: CommandTree = {
  connect: {
    summary: "Connect a container to a network",
    load: () => import("./connect.ts").then((module) => module.connect),
  },
  create: {
    summary: "Create a network for containers",
    load: () => import("./create.ts").then((module) => module.create),
  },
  disconnect: {
    summary: "Disconnect a container from a network",
    load: () => import("./disconnect.ts").then((module) => module.disconnect),
  },
  exists: {
    summary: "Check if a network exists",
    load: () => import("./exists.ts").then((module) => module.exists),
  },
  inspect: {
    summary: "Show everything about networks",
    load: () => import("./inspect.ts").then((module) => module.inspect),
  },
  list: {
    summary: "List networks",
    aliases: ["ls"],
    load: () => import("./ls.ts").then((module) => module.ls),
  },
  prune: {
    summary: "Remove networks that no container is connected to",
    load: () => import("./prune.ts").then((module) => module.prune),
  },
  reload: {
    summary: "Set up the networks of running containers anew",
    load: () => import("./reload.ts").then((module) => module.reload),
  },
  rm: {
    summary: "Remove networks",
    aliases: ["remove"],
    load: () => import("./rm.ts").then((module) => module.rm),
  },
  update: {
    summary: "Change the DNS servers of a network",
    load: () => import("./update.ts").then((module) => module.update),
  },
};
