import type { CommandEntry, CommandTree } from "../cli/command.ts";

// One entry a command. `load` is what keeps start-up fast: a command's module is read when the command is run, so nothing
// but its summary may stand here. A command under two names (`run` and `container run`) is one constant used twice.

const version: CommandEntry = {
  summary: "Show the version of dhow",
  topic: "system",
  load: () => import("./version.ts").then((module) => module.version),
};

const load: CommandEntry = {
  summary: "Load images from an archive",
  topic: "images",
  load: () => import("./image/load.ts").then((module) => module.load),
};

const login: CommandEntry = {
  summary: "Log in to a container registry",
  topic: "registries",
  load: () => import("./login.ts").then((module) => module.login),
};

const logout: CommandEntry = {
  summary: "Log out of a container registry",
  topic: "registries",
  load: () => import("./logout.ts").then((module) => module.logout),
};

const pull: CommandEntry = {
  summary: "Pull an image from a registry",
  topic: "registries",
  load: () => import("./image/pull.ts").then((module) => module.pull),
};

const migrate: CommandEntry = {
  summary: "Make the user's namespaces anew",
  topic: "system",
  load: () => import("./system/migrate.ts").then((module) => module.migrate),
};

const unshare: CommandEntry = {
  summary: "Run a command in the user's namespaces",
  topic: "system",
  load: () => import("./unshare.ts").then((module) => module.unshare),
};

const containerCommands: CommandTree = {};

const imageCommands: CommandTree = { load, pull };

const systemCommands: CommandTree = { migrate };

/** The commands of dhow. */
export const commands: CommandTree = {
  container: { summary: "Manage containers", topic: "groups", commands: containerCommands },
  image: { summary: "Manage images", topic: "groups", commands: imageCommands },
  load,
  login,
  logout,
  pull,
  system: { summary: "Manage dhow itself", topic: "groups", commands: systemCommands },
  unshare,
  version,
};
