import { defineCommand } from "../../cli/command.ts";
import { isTerminal } from "../../cli/output.ts";
import { DhowError } from "../../errors.ts";
import { openArchive } from "../../image/archive/unpack-archive.ts";
import { loadImages } from "../../image/load.ts";

export const load = defineCommand({
  usage: "[options]",
  summary: "Load images from an archive",
  description: "Loads images from an archive that 'save' wrote: docker-archive or oci-archive, plain or compressed.",
  options: {
    input: {
      type: "string",
      short: "i",
      describe: "Read from the archive file instead of stdin",
      valueName: "file",
      complete: "files",
    },
    quiet: { type: "boolean", short: "q", describe: "Print nothing but the result" },
  },
  operands: { max: 0 },
  async run({ options }, { engine, out }) {
    if (options.input === undefined && isTerminal(0)) {
      throw new DhowError("cannot read from terminal, use command-line redirection or the --input flag", {
        kind: "invalid-argument",
      });
    }
    for (const { image, names } of await loadImages(engine, openArchive(options.input ?? "/dev/stdin"))) {
      for (const name of names.length > 0 ? names : [`sha256:${image.id}`]) out.line(`Loaded image: ${name}`);
    }
  },
});
