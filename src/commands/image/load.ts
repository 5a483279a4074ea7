import { once } from "node:events";
import { defineCommand } from "../../cli/command.ts";
import { isTerminal } from "../../cli/output.ts";
import { openSpinner } from "../../cli/spinner.ts";
import { DhowError } from "../../errors.ts";
import { stdinArchive } from "../../image/archive/open-files.ts";
import { loadImages } from "../../image/load.ts";
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
      const source = options.input ?? (await openStdin());
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

async function openStdin(): Promise<AsyncIterable<Buffer>> {
  if (isTerminal(0)) {
    throw new DhowError("cannot read from terminal, use command-line redirection or the --input flag", {
      kind: "invalid-argument",
    });
  }
  const archive = stdinArchive();
  // The program in front of a pipe may ask for a password on the terminal before it says anything.
  await once(archive, "readable").catch(() => undefined);
  return archive;
}
