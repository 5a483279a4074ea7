import { defineCommand } from "../../cli/command.ts";
import { openSpinner } from "../../cli/spinner.ts";
import { changeInstructions } from "../../image/config-changes.ts";
import { importImage } from "../../image/import.ts";
import { openStdin } from "../archive-input.ts";

export const importCommand = defineCommand({
  usage: "[options] PATH [REFERENCE]",
  summary: "Import a tarball to create a filesystem image",
  description:
    "Makes an image out of the contents of a tar archive: a file, a web address, or - for stdin; plain or compressed with gzip, zstd, xz or bzip2. The name of the image goes below localhost/ unless it names a registry.",
  examples: [
    "dhow import https://example.com/ctr.tar url-image",
    'cat ctr.tar | dhow import --quiet --message "importing the ctr.tar tarball" - image-imported',
    'dhow import --change "CMD sh" ctr.tar.xz',
  ],
  options: {
    arch: { type: "string", describe: "Set the architecture of the imported image" },
    change: {
      type: "string",
      array: true,
      short: "c",
      describe: `Apply the following possible instructions to the created image: ${changeInstructions.join(" | ")}`,
    },
    message: { type: "string", short: "m", describe: "Set commit message for imported image" },
    os: { type: "string", describe: "Set the OS of the imported image" },
    quiet: { type: "boolean", short: "q", describe: "Print nothing but the image ID" },
    variant: { type: "string", describe: "Set the variant of the imported image" },
  },
  operands: { min: 1, max: 2, complete: "files" },
  async run({ options, operands: [source = "", name] }, { engine, globals, out }) {
    const { change, message, os, arch, variant, quiet } = options;
    const input = source === "-" ? await openStdin() : source;
    const showLongStep = openSpinner({ quiet, logLevel: globals.logLevel });
    const request = {
      ...{ name, changes: change, message: message || undefined },
      ...{ os: os || undefined, architecture: arch || undefined, variant: variant || undefined },
    };
    const { id } = await showLongStep("Importing", () => importImage(engine, input, request));
    out.line(`sha256:${id}`);
  },
});
