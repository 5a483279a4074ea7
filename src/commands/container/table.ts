import type { CommandEntry, CommandTree } from "../../cli/command.ts";

const attach: CommandEntry = {
  summary: "Attach to a running container",
  topic: "containers",
  load: () => import("./attach.ts").then((module) => module.attach),
};

const cleanup: CommandEntry = {
  summary: "Give back what a container that ended still holds",
  topic: "containers",
  load: () => import("./cleanup.ts").then((module) => module.cleanup),
};

const commit: CommandEntry = {
  summary: "Make an image of a container",
  topic: "containers",
  load: () => import("./commit.ts").then((module) => module.commit),
};

const diff: CommandEntry = {
  summary: "Show what containers have changed in their file systems",
  topic: "containers",
  load: () => import("../diff.ts").then((module) => module.containerDiff),
};

const exportEntry: CommandEntry = {
  summary: "Write the file system of a container as a tar archive",
  topic: "containers",
  load: () => import("./export.ts").then((module) => module.exportCommand),
};

const exists: CommandEntry = {
  summary: "Check if a container exists",
  topic: "containers",
  load: () => import("./exists.ts").then((module) => module.exists),
};

const create: CommandEntry = {
  summary: "Create a container without starting it",
  topic: "containers",
  load: () => import("./create.ts").then((module) => module.create),
};

const exec: CommandEntry = {
  summary: "Run a command in a running container",
  topic: "containers",
  load: () => import("./exec.ts").then((module) => module.exec),
};

const inspect: CommandEntry = {
  summary: "Show everything about containers",
  topic: "containers",
  load: () => import("../inspect.ts").then((module) => module.inspectContainers),
};

const kill: CommandEntry = {
  summary: "Send a signal to running containers",
  topic: "containers",
  load: () => import("./kill.ts").then((module) => module.kill),
};

const logs: CommandEntry = {
  summary: "Show the output of containers",
  topic: "containers",
  load: () => import("./logs.ts").then((module) => module.logs),
};

const ps: CommandEntry = {
  summary: "List containers",
  topic: "containers",
  load: () => import("./ps.ts").then((module) => module.ps),
};

const mount: CommandEntry = {
  summary: "Mount the file systems of containers",
  topic: "containers",
  load: () => import("./mount.ts").then((module) => module.mount),
};

const unmount: CommandEntry = {
  summary: "Unmount the file systems of containers",
  aliases: ["umount"],
  topic: "containers",
  load: () => import("./unmount.ts").then((module) => module.unmount),
};

const rename: CommandEntry = {
  summary: "Give a container another name",
  topic: "containers",
  load: () => import("./rename.ts").then((module) => module.rename),
};

const restart: CommandEntry = {
  summary: "Stop and start containers",
  topic: "containers",
  load: () => import("./restart.ts").then((module) => module.restart),
};

const rm: CommandEntry = {
  summary: "Remove containers",
  topic: "containers",
  load: () => import("./rm.ts").then((module) => module.rm),
};

const run: CommandEntry = {
  summary: "Run a command in a new container",
  topic: "containers",
  load: () => import("./run.ts").then((module) => module.run),
};

const start: CommandEntry = {
  summary: "Start containers",
  topic: "containers",
  load: () => import("./start.ts").then((module) => module.start),
};

const stop: CommandEntry = {
  summary: "Stop running containers",
  topic: "containers",
  load: () => import("./stop.ts").then((module) => module.stop),
};

const wait: CommandEntry = {
  summary: "Wait for containers to end and print their exit codes",
  topic: "containers",
  load: () => import("./wait.ts").then((module) => module.wait),
};

const init: CommandEntry = {
  summary: "Make containers ready to start",
  topic: "containers",
  load: () => import("./init.ts").then((module) => module.init),
};

const pause: CommandEntry = {
  summary: "Pause the processes of containers",
  topic: "containers",
  load: () => import("./pause.ts").then((module) => module.pause),
};

const port: CommandEntry = {
  summary: "Show port mappings of a container",
  topic: "containers",
  load: () => import("./port.ts").then((module) => module.port),
};

const prune: CommandEntry = {
  summary: "Remove containers that do not run",
  topic: "containers",
  load: () => import("./prune.ts").then((module) => module.prune),
};

const top: CommandEntry = {
  summary: "Show the processes of a container",
  topic: "containers",
  load: () => import("./top.ts").then((module) => module.top),
};

const unpause: CommandEntry = {
  summary: "Let the processes of paused containers go on",
  topic: "containers",
  load: () => import("./unpause.ts").then((module) => module.unpause),
};

const stats: CommandEntry = {
  summary: "Show what containers use of the machine",
  topic: "containers",
  load: () => import("./stats.ts").then((module) => module.stats),
};

const cp: CommandEntry = {
  summary: "Copy files between containers and this machine",
  topic: "containers",
  load: () => import("./cp.ts").then((module) => module.cp),
};

const clone: CommandEntry = {
  summary: "Make another container like one",
  topic: "containers",
  load: () => import("./clone.ts").then((module) => module.clone),
};

const update: CommandEntry = {
  summary: "Change limits and settings of containers",
  topic: "containers",
  load: () => import("./update.ts").then((module) => module.update),
};

const checkpoint: CommandEntry = {
  summary: "Checkpoint containers (not possible without root)",
  topic: "containers",
  load: () => import("./checkpoint.ts").then((module) => module.checkpoint),
};

const restore: CommandEntry = {
  summary: "Restore containers from checkpoints (not possible without root)",
  topic: "containers",
  load: () => import("./checkpoint.ts").then((module) => module.restore),
};

const runlabel: CommandEntry = {
  summary: "Run the command that a label of an image holds",
  topic: "containers",
  load: () => import("./runlabel.ts").then((module) => module.runlabel),
};

/** `dhow container ...` */
export const containerGroup: CommandTree = {
  attach,
  checkpoint,
  cleanup,
  clone,
  commit,
  cp,
  create,
  diff,
  exec,
  exists,
  export: exportEntry,
  init,
  inspect,
  kill,
  list: { ...ps, aliases: ["ls", "ps"] },
  logs,
  mount,
  pause,
  port,
  prune,
  rename,
  restart,
  restore,
  rm,
  run,
  runlabel,
  start,
  stats,
  stop,
  top,
  unmount,
  unpause,
  update,
  wait,
};

/** Those that need no word in front. */
export const containerCommands: CommandTree = {
  attach,
  commit,
  cp,
  create,
  exec,
  export: exportEntry,
  init,
  kill,
  logs,
  mount,
  pause,
  port,
  ps,
  rename,
  restart,
  rm,
  run,
  start,
  stats,
  stop,
  top,
  unmount,
  unpause,
  update,
  wait,
};
