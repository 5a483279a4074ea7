import type { CommandEntry, CommandTree } from "../cli/command.ts";

// One entry a command. `load` is what keeps start-up fast: a command's module is read when the command is run, so nothing
// but its summary may stand here. A command under two names (`run` and `container run`) is one constant used twice.

const completion: CommandEntry = {
  summary: "Print a completion script for a shell",
  topic: "system",
  load: () => import("./completion.ts").then((module) => module.completion),
};

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

const doctor: CommandEntry = {
  summary: "Show what this machine lacks for containers, and how to fix it",
  topic: "system",
  load: () => import("./doctor.ts").then((module) => module.doctor),
};

const info: CommandEntry = {
  summary: "Show what dhow knows of this machine and of its own store",
  topic: "system",
  load: () => import("./info.ts").then((module) => module.info),
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

const create: CommandEntry = {
  summary: "Create a container without starting it",
  topic: "containers",
  load: () => import("./container/create.ts").then((module) => module.create),
};

const kill: CommandEntry = {
  summary: "Send a signal to running containers",
  topic: "containers",
  load: () => import("./container/kill.ts").then((module) => module.kill),
};

const logs: CommandEntry = {
  summary: "Show the output of containers",
  topic: "containers",
  load: () => import("./container/logs.ts").then((module) => module.logs),
};

const rm: CommandEntry = {
  summary: "Remove containers",
  topic: "containers",
  load: () => import("./container/rm.ts").then((module) => module.rm),
};

const run: CommandEntry = {
  summary: "Run a command in a new container",
  topic: "containers",
  load: () => import("./container/run.ts").then((module) => module.run),
};

const start: CommandEntry = {
  summary: "Start containers",
  topic: "containers",
  load: () => import("./container/start.ts").then((module) => module.start),
};

const stop: CommandEntry = {
  summary: "Stop running containers",
  topic: "containers",
  load: () => import("./container/stop.ts").then((module) => module.stop),
};

const wait: CommandEntry = {
  summary: "Wait for containers to end and print their exit codes",
  topic: "containers",
  load: () => import("./container/wait.ts").then((module) => module.wait),
};

const attach: CommandEntry = {
  summary: "Attach to a running container",
  topic: "containers",
  load: () => import("./container/attach.ts").then((module) => module.attach),
};

const exec: CommandEntry = {
  summary: "Run a command in a running container",
  topic: "containers",
  load: () => import("./container/exec.ts").then((module) => module.exec),
};

const rename: CommandEntry = {
  summary: "Give a container another name",
  topic: "containers",
  load: () => import("./container/rename.ts").then((module) => module.rename),
};

const restart: CommandEntry = {
  summary: "Stop and start containers",
  topic: "containers",
  load: () => import("./container/restart.ts").then((module) => module.restart),
};

const cleanup: CommandEntry = {
  summary: "Give back what a container that ended still holds",
  topic: "containers",
  load: () => import("./container/cleanup.ts").then((module) => module.cleanup),
};

const imageExists: CommandEntry = {
  summary: "Check if an image is stored",
  topic: "images",
  load: () => import("./image/exists.ts").then((module) => module.exists),
};

const rmi: CommandEntry = {
  summary: "Remove images",
  topic: "images",
  load: () => import("./image/rm.ts").then((module) => module.rm),
};

const tag: CommandEntry = {
  summary: "Give an image one more name",
  topic: "images",
  load: () => import("./image/tag.ts").then((module) => module.tag),
};

const untag: CommandEntry = {
  summary: "Take a name away from an image",
  topic: "images",
  load: () => import("./image/untag.ts").then((module) => module.untag),
};

const containerExists: CommandEntry = {
  summary: "Check if a container exists",
  topic: "containers",
  load: () => import("./container/exists.ts").then((module) => module.exists),
};

const history: CommandEntry = {
  summary: "Show how an image was made",
  topic: "images",
  load: () => import("./image/history.ts").then((module) => module.history),
};

const images: CommandEntry = {
  summary: "List images",
  topic: "images",
  load: () => import("./image/ls.ts").then((module) => module.ls),
};

const inspectImages: CommandEntry = {
  summary: "Show everything about images",
  topic: "images",
  load: () => import("./inspect.ts").then((module) => module.inspectImages),
};

const inspectContainers: CommandEntry = {
  summary: "Show everything about containers",
  topic: "containers",
  load: () => import("./inspect.ts").then((module) => module.inspectContainers),
};

const inspect: CommandEntry = {
  summary: "Show everything about containers and images",
  topic: "containers",
  load: () => import("./inspect.ts").then((module) => module.inspect),
};

const ps: CommandEntry = {
  summary: "List containers",
  topic: "containers",
  load: () => import("./container/ps.ts").then((module) => module.ps),
};

const containerCommands: CommandTree = {
  attach,
  cleanup,
  create,
  exec,
  exists: containerExists,
  inspect: inspectContainers,
  kill,
  list: { ...ps, aliases: ["ls", "ps"] },
  logs,
  rename,
  restart,
  rm,
  run,
  start,
  stop,
  wait,
};

const imageCommands: CommandTree = {
  exists: imageExists,
  history,
  inspect: inspectImages,
  list: { ...images, aliases: ["ls"] },
  load,
  pull,
  rm: { ...rmi, aliases: ["remove"] },
  tag,
  untag,
};

const connectionList: CommandEntry = {
  summary: "List remote engines: there are none",
  aliases: ["ls"],
  load: () => import("./system/connection-list.ts").then((module) => module.connectionList),
};

const systemCommands: CommandTree = {
  connection: { summary: "Look for remote engines", commands: { list: connectionList } },
  info,
  migrate,
};

/** The commands of dhow. */
export const commands: CommandTree = {
  attach,
  completion,
  container: { summary: "Manage containers", topic: "groups", commands: containerCommands },
  create,
  doctor,
  exec,
  history,
  image: { summary: "Manage images", topic: "groups", commands: imageCommands },
  images,
  info,
  inspect,
  kill,
  load,
  login,
  logout,
  logs,
  ps,
  pull,
  rename,
  restart,
  rm,
  rmi,
  run,
  start,
  stop,
  system: { summary: "Manage dhow itself", topic: "groups", commands: systemCommands },
  tag,
  unshare,
  untag,
  version,
  wait,
};
