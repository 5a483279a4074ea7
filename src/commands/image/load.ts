import { once } from "node:events";
import { defineCommand } from "../../cli/command.ts";
import { isTerminal } from "../../cli/output.ts";
import { openSpinner } from "../../cli/spinner.ts";
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
  async run({ options }, { engine, globals, out }) {
    if (options.input === undefined && isTerminal(0)) {
      throw new DhowError("cannot read from terminal, use command-line redirection or the --input flag", {
        kind: "invalid-argument",
      });
    }
    const archive = openArchive(options.input ?? "/dev/stdin");
    // The program in front of a pipe may ask for a password on the terminal before it says anything.
    await once(archive, "readable").catch(() => undefined);
    const showLongStep = openSpinner({ quiet: options.quiet, logLevel: globals.logLevel });
    for (const { image, names } of await showLongStep("Loading images", () => loadImages(engine, archive))) {
      for (const name of names.length > 0 ? names : [`sha256:${image.id}`]) out.line(`Loaded image: ${name}`);
    }
  },
});
