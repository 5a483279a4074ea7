import type { CommandEntry, CommandTree } from "../../cli/command.ts";

const autoUpdate: CommandEntry = {
  summary: "Auto update containers according to their auto-update policy",
  topic: "containers",
  load: () => import("../auto-update.ts").then((module) => module.autoUpdateCommand),
};

const check: CommandEntry = {
  summary: "Check images and containers for damage, and repair it",
  load: () => import("./check.ts").then((module) => module.check),
};

const completion: CommandEntry = {
  summary: "Print a completion script for a shell",
  topic: "system",
  load: () => import("../completion.ts").then((module) => module.completion),
};

const connectionList: CommandEntry = {
  summary: "List remote engines: there are none",
  aliases: ["ls"],
  load: () => import("./connection-list.ts").then((module) => module.connectionList),
};

const df: CommandEntry = {
  summary: "Show what takes how much of the disk",
  load: () => import("./df.ts").then((module) => module.df),
};

const prune: CommandEntry = {
  summary: "Remove everything that is not in use",
  load: () => import("./prune.ts").then((module) => module.prune),
};

const reset: CommandEntry = {
  summary: "Remove everything that dhow keeps",
  load: () => import("./reset.ts").then((module) => module.reset),
};

const doctor: CommandEntry = {
  summary: "Show what this machine lacks for containers, and how to fix it",
  topic: "system",
  load: () => import("../doctor.ts").then((module) => module.doctor),
};

const events: CommandEntry = {
  summary: "Show what happens to containers and images",
  topic: "system",
  load: () => import("./events.ts").then((module) => module.events),
};

const info: CommandEntry = {
  summary: "Show what dhow knows of this machine and of its own store",
  topic: "system",
  load: () => import("../info.ts").then((module) => module.info),
};

const migrate: CommandEntry = {
  summary: "Make the user's namespaces anew",
  topic: "system",
  load: () => import("./migrate.ts").then((module) => module.migrate),
};

const restartContainers: CommandEntry = {
  summary: "Start the containers whose restart policy asks for it",
  load: () => import("./restart-containers.ts").then((module) => module.restartContainersCommand),
};

const startOnBoot: CommandEntry = {
  summary: "Have containers started after each boot whose restart policy asks for it",
  load: () => import("./start-on-boot.ts").then((module) => module.startOnBootCommand),
};

const shareImages: CommandEntry = {
  summary: "Let other users run the images of a store without a copy",
  topic: "system",
  load: () => import("./share-images.ts").then((module) => module.shareImages),
};

const unshare: CommandEntry = {
  summary: "Run a command in the user's namespaces",
  topic: "system",
  load: () => import("../unshare.ts").then((module) => module.unshare),
};

const version: CommandEntry = {
  summary: "Show the version of dhow",
  topic: "system",
  load: () => import("../version.ts").then((module) => module.version),
};

/** `dhow system ...` */
export const systemGroup: CommandTree = {
  check,
  connection: { summary: "Look for remote engines", commands: { list: connectionList } },
  df,
  events,
  info,
  migrate,
  prune,
  reset,
  "restart-containers": restartContainers,
  "share-images": shareImages,
  "start-on-boot": startOnBoot,
};

/** Those that need no word in front. */
export const systemCommands: CommandTree = {
  "auto-update": autoUpdate,
  completion,
  doctor,
  events,
  info,
  unshare,
  version,
};
