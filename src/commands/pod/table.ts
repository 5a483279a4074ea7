import type { CommandTree } from "../../cli/command.ts";

/** `dhow pod ...` */
export const podGroup: CommandTree = {
  clone: { summary: "Clone an existing pod", load: () => import("./clone.ts").then((module) => module.clone) },
  create: { summary: "Create a new empty pod", load: () => import("./create.ts").then((module) => module.create) },
  exists: {
    summary: "Check if a pod exists in local storage",
    load: () => import("./exists.ts").then((module) => module.exists),
  },
  inspect: {
    summary: "Display a pod configuration",
    load: () => import("./inspect.ts").then((module) => module.inspect),
  },
  kill: {
    summary: "Send the specified signal or SIGKILL to containers in pod",
    load: () => import("./kill.ts").then((module) => module.kill),
  },
  logs: {
    summary: "Fetch logs for pod with one or more containers",
    load: () => import("./logs.ts").then((module) => module.logs),
  },
  pause: { summary: "Pause one or more pods", load: () => import("./pause.ts").then((module) => module.pause) },
  prune: {
    summary: "Remove all stopped pods and their containers",
    load: () => import("./prune.ts").then((module) => module.prune),
  },
  ps: {
    summary: "List pods",
    aliases: ["ls", "list"],
    load: () => import("./ps.ts").then((module) => module.ps),
  },
  restart: {
    summary: "Restart one or more pods",
    load: () => import("./restart.ts").then((module) => module.restart),
  },
  rm: { summary: "Remove one or more pods", load: () => import("./rm.ts").then((module) => module.rm) },
  start: { summary: "Start one or more pods", load: () => import("./start.ts").then((module) => module.start) },
  stats: {
    summary: "Display a live stream of resource usage statistics for the containers in one or more pods",
    load: () => import("./stats.ts").then((module) => module.stats),
  },
  stop: { summary: "Stop one or more pods", load: () => import("./stop.ts").then((module) => module.stop) },
  top: {
    summary: "Display the running processes of containers in a pod",
    load: () => import("./top.ts").then((module) => module.top),
  },
  unpause: {
    summary: "Unpause one or more pods",
    load: () => import("./unpause.ts").then((module) => module.unpause),
  },
};
