import type { CommandTree } from "../../cli/command.ts";

/** `dhow volume ...` */
export const volumeGroup: CommandTree = {
  create: {
    summary: "Create a new volume",
    load: () => import("./create.ts").then((module) => module.create),
  },
  exists: {
    summary: "Check if a volume exists",
    load: () => import("./exists.ts").then((module) => module.exists),
  },
  export: {
    summary: "Write the content of a volume to a tar archive",
    load: () => import("./export.ts").then((module) => module.exportCommand),
  },
  import: {
    summary: "Unpack a tar archive into a volume",
    load: () => import("./import.ts").then((module) => module.importCommand),
  },
  inspect: {
    summary: "Show everything about volumes",
    load: () => import("./inspect.ts").then((module) => module.inspect),
  },
  list: {
    summary: "List volumes",
    aliases: ["ls"],
    load: () => import("./ls.ts").then((module) => module.ls),
  },
  mount: {
    summary: "Mount a volume and print where its data is",
    load: () => import("./mount.ts").then((module) => module.mount),
  },
  prune: {
    summary: "Remove unused volumes",
    load: () => import("./prune.ts").then((module) => module.prune),
  },
  reload: {
    summary: "Reload all volumes from volume plugins: there are none",
    load: () => import("./reload.ts").then((module) => module.reload),
  },
  rm: {
    summary: "Remove volumes",
    aliases: ["remove"],
    load: () => import("./rm.ts").then((module) => module.rm),
  },
  unmount: {
    summary: "Unmount a volume",
    aliases: ["umount"],
    load: () => import("./unmount.ts").then((module) => module.unmount),
  },
};
