import type { CommandEntry, CommandTree } from "../cli/command.ts";
import { artifactGroup } from "./artifact/table.ts";
import { buildEntry, builderGroup, buildxGroup } from "./build/table.ts";
import { containerCommands, containerGroup } from "./container/table.ts";
import { healthcheckGroup } from "./healthcheck/table.ts";
import { imageCommands, imageGroup } from "./image/table.ts";
import { manifestGroup } from "./manifest/table.ts";
import { networkGroup } from "./network/table.ts";
import { podGroup } from "./pod/table.ts";
import { secretGroup } from "./secret/table.ts";
import { systemCommands, systemGroup } from "./system/table.ts";
import { volumeGroup } from "./volume/table.ts";

// One entry a command. `load` is what keeps start-up fast: a command's module is read when the command is run, so nothing
// but its summary may stand in a table. A command under two names (`run` and `container run`) is one constant used twice.

const diff: CommandEntry = {
  summary: "Show changes in the file system of a container or an image",
  topic: "containers",
  load: () => import("./diff.ts").then((module) => module.diff),
};

const inspect: CommandEntry = {
  summary: "Show everything about containers and images",
  topic: "containers",
  load: () => import("./inspect.ts").then((module) => module.inspect),
};

/** The commands of dhow. */
export const commands: CommandTree = {
  ...containerCommands,
  ...imageCommands,
  ...systemCommands,
  artifact: { summary: "Manage artifacts: files in registries", topic: "groups", commands: artifactGroup },
  build: buildEntry,
  builder: { summary: "Manage builds", topic: "groups", commands: builderGroup },
  buildx: { summary: "Build images, in the words of docker buildx", topic: "groups", commands: buildxGroup },
  container: { summary: "Manage containers", topic: "groups", commands: containerGroup },
  healthcheck: { summary: "Manage health checks of containers", topic: "groups", commands: healthcheckGroup },
  diff,
  image: { summary: "Manage images", topic: "groups", commands: imageGroup },
  inspect,
  manifest: { summary: "Manage manifest lists", topic: "groups", commands: manifestGroup },
  network: { summary: "Manage networks", topic: "groups", commands: networkGroup },
  pod: { summary: "Manage pods", topic: "groups", commands: podGroup },
  secret: { summary: "Manage secrets", topic: "groups", commands: secretGroup },
  system: { summary: "Manage dhow itself", topic: "groups", commands: systemGroup },
  volume: { summary: "Manage volumes", topic: "groups", commands: volumeGroup },
};
