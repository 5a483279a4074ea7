import { defineCommand } from "../../cli/command.ts";
import { DhowError } from "../../errors.ts";
import { copyBetweenStores, parseStorePlace } from "../../image/scp.ts";

export const scp = defineCommand({
  usage: "[options] [USER@HOST::]IMAGE [USER@HOST::]",
  summary: "Copy an image to another user or host",
  description:
    "Copies an image from one store to another, over ssh or between users of this machine. The image is saved there and loaded here; a host without dhow needs podman. USER@localhost means another user of this machine, for which root or sudo is needed.",
  examples: [
    "dhow image scp web alice@server.example::",
    "dhow image scp alice@server.example::web",
    "dhow image scp root@localhost::web alice@localhost::",
  ],
  options: {
    format: {
      type: "string",
      default: "docker-archive",
      choices: ["docker-archive", "oci-archive"],
      describe: "Format of the archive in between",
    },
    quiet: { type: "boolean", short: "q", describe: "Suppress the output" },
  },
  operands: { min: 1, max: 2, complete: "images" },
  // Inside of the namespaces nobody can become another user.
  needsNamespace: false,
  async run({ options, operands: [source = "", target] }) {
    const format = options.format === "oci-archive" ? options.format : "docker-archive";
    const from = parseStorePlace(source);
    const to = target === undefined ? { host: undefined, image: undefined } : parseStorePlace(target);
    if (target !== undefined && to.host === undefined) {
      throw new DhowError(`invalid destination ${JSON.stringify(target)}: it is written USER@HOST::`, {
        kind: "invalid-argument",
      });
    }
    await copyBetweenStores(from, to, { quiet: options.quiet, format });
  },
});
