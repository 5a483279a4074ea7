import { defineCommand } from "../../cli/command.ts";
import { openSpinner } from "../../cli/spinner.ts";
import { loadImages } from "../../image/load.ts";
import { openStdin } from "../archive-input.ts";
import { showCopy } from "../copy-progress.ts";

export const load = defineCommand({
  usage: "[options]",
  summary: "Load images from an archive",
  description:
    "Loads images from an archive or a folder that 'save' wrote, in any of its formats: plain or compressed with gzip, zstd, xz or bzip2. Without --input it is read from stdin.",
  examples: ["dhow load -q -i fedora.tar.gz", "dhow load < fedora.tar", "dhow load -i https://example.com/fedora.tar"],
  options: {
    input: {
      type: "string",
      short: "i",
      describe: "Read from the archive file, folder or web address instead of stdin",
      valueName: "file",
      complete: "files",
    },
    quiet: { type: "boolean", short: "q", describe: "Print nothing but the result" },
  },
  operands: { max: 0 },
  async run({ options }, { engine, globals, out }) {
    const display = options.quiet ? undefined : showCopy(out);
    const showLongStep = openSpinner({ quiet: options.quiet, logLevel: globals.logLevel });
    try {
      const source = options.input ?? (await openStdin("the --input flag"));
      const loaded = await loadImages(engine, source, { showLongStep, onEvent: display?.onEvent });
      display?.end();
      for (const { image, names } of loaded) {
        for (const name of names.length > 0 ? names : [`sha256:${image.id}`]) out.line(`Loaded image: ${name}`);
      }
    } finally {
      display?.end();
    }
  },
});
