import type { CommandEntry, CommandTree } from "../../cli/command.ts";
import { buildEntry } from "../build/table.ts";
import { trustGroup } from "./trust/table.ts";

const history: CommandEntry = {
  summary: "Show how an image was made",
  topic: "images",
  load: () => import("./history.ts").then((module) => module.history),
};

const diff: CommandEntry = {
  summary: "Show what the top layer of an image has changed",
  topic: "images",
  load: () => import("../diff.ts").then((module) => module.imageDiff),
};

const exists: CommandEntry = {
  summary: "Check if an image is stored",
  topic: "images",
  load: () => import("./exists.ts").then((module) => module.exists),
};

const images: CommandEntry = {
  summary: "List images",
  topic: "images",
  load: () => import("./ls.ts").then((module) => module.ls),
};

const importEntry: CommandEntry = {
  summary: "Make an image of a tar archive",
  topic: "images",
  load: () => import("./import.ts").then((module) => module.importCommand),
};

const inspect: CommandEntry = {
  summary: "Show everything about images",
  topic: "images",
  load: () => import("../inspect.ts").then((module) => module.inspectImages),
};

const load: CommandEntry = {
  summary: "Load images from an archive",
  topic: "images",
  load: () => import("./load.ts").then((module) => module.load),
};

const login: CommandEntry = {
  summary: "Log in to a container registry",
  topic: "registries",
  load: () => import("../login.ts").then((module) => module.login),
};

const logout: CommandEntry = {
  summary: "Log out of a container registry",
  topic: "registries",
  load: () => import("../logout.ts").then((module) => module.logout),
};

const prune: CommandEntry = {
  summary: "Remove unused images",
  load: () => import("./prune.ts").then((module) => module.prune),
};

const tree: CommandEntry = {
  summary: "Show the layers of an image",
  load: () => import("./tree.ts").then((module) => module.tree),
};

const mount: CommandEntry = {
  summary: "Mount images",
  load: () => import("./mount.ts").then((module) => module.mount),
};

const unmount: CommandEntry = {
  summary: "Unmount images",
  aliases: ["umount"],
  load: () => import("./unmount.ts").then((module) => module.unmount),
};

const pull: CommandEntry = {
  summary: "Pull an image from a registry",
  topic: "registries",
  load: () => import("./pull.ts").then((module) => module.pull),
};

const push: CommandEntry = {
  summary: "Push an image to a registry",
  topic: "registries",
  load: () => import("./push.ts").then((module) => module.push),
};

const save: CommandEntry = {
  summary: "Save images to an archive or a folder",
  topic: "images",
  load: () => import("./save.ts").then((module) => module.save),
};

const rmi: CommandEntry = {
  summary: "Remove images",
  topic: "images",
  load: () => import("./rm.ts").then((module) => module.rm),
};

const scp: CommandEntry = {
  summary: "Copy an image to another user or host",
  topic: "registries",
  load: () => import("./scp.ts").then((module) => module.scp),
};

const search: CommandEntry = {
  summary: "Search registries for images",
  topic: "registries",
  load: () => import("./search.ts").then((module) => module.search),
};

const sign: CommandEntry = {
  summary: "Sign images that are in a registry",
  topic: "registries",
  load: () => import("./sign.ts").then((module) => module.sign),
};

const tag: CommandEntry = {
  summary: "Give an image one more name",
  topic: "images",
  load: () => import("./tag.ts").then((module) => module.tag),
};

const untag: CommandEntry = {
  summary: "Take a name away from an image",
  topic: "images",
  load: () => import("./untag.ts").then((module) => module.untag),
};

/** `dhow image ...` */
export const imageGroup: CommandTree = {
  build: buildEntry,
  diff,
  exists,
  history,
  import: importEntry,
  inspect,
  list: { ...images, aliases: ["ls"] },
  load,
  mount,
  prune,
  pull,
  push,
  rm: { ...rmi, aliases: ["remove"] },
  save,
  scp,
  search,
  sign,
  tag,
  trust: { summary: "Manage the signature policy", commands: trustGroup },
  tree,
  unmount,
  untag,
};

/** Those that need no word in front. */
export const imageCommands: CommandTree = {
  history,
  images,
  import: importEntry,
  load,
  login,
  logout,
  pull,
  push,
  rmi,
  save,
  search,
  tag,
  untag,
};
