import { defineCommand } from "../../cli/command.ts";
import { createVolume } from "../../volume/create.ts";
import { readPairs } from "../pairs.ts";

export const create = defineCommand({
  usage: "[options] [NAME]",
  summary: "Create a new volume",
  description: "Creates a volume: a folder of its own that containers can mount, and that outlives them.",
  examples: [
    "dhow volume create myvol",
    "dhow volume create --label foo=bar myvol",
    "dhow volume create --opt type=tmpfs --opt o=size=64m scratch",
    "dhow volume create --opt type=none --opt o=bind --opt device=/srv/data data",
  ],
  options: {
    driver: { type: "string", short: "d", default: "local", describe: "Specify volume driver name" },
    gid: { type: "number", describe: "Set the GID of the volume owner", valueName: "int" },
    ignore: { type: "boolean", describe: "Don't fail if volume already exists" },
    label: { type: "string", short: "l", array: true, describe: "Set metadata for a volume", valueName: "stringArray" },
    opt: { type: "string", short: "o", array: true, describe: "Set driver specific options", valueName: "stringArray" },
    uid: { type: "number", describe: "Set the UID of the volume owner", valueName: "int" },
  },
  operands: { max: 1, complete: "none" },
  run({ options, operands: [name] }, { engine, out }) {
    const { driver, ignore, uid, gid } = options;
    const volume = createVolume(engine, {
      ...{ name, driver, ignore, uid, gid },
      labels: readPairs(options.label),
      options: readPairs(options.opt),
    });
    out.line(volume.name);
  },
});
