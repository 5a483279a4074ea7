import { readFileSync } from "node:fs";
import { defineCommand } from "../../cli/command.ts";
import type { Output } from "../../cli/output.ts";
import { openSpinner } from "../../cli/spinner.ts";
import { commitContainer } from "../../container/commit.ts";
import { DhowError } from "../../errors.ts";
import { changeInstructions } from "../../image/config-changes.ts";
import { imageFormats, parseImageFormat } from "../../image/record-image.ts";
import type { Manifest } from "../../oci/image.ts";
import { parseContainerDefaults } from "../../oci/manifest.ts";
import { writeIdFile } from "../id-file.ts";

export const commit = defineCommand({
  usage: "[options] CONTAINER [IMAGE]",
  summary: "Create new image based on the changed container",
  description:
    "Creates an image of a container: its own image and a layer with what it has changed. The name of the image goes below localhost/ unless it names a registry. A running container goes on meanwhile unless --pause is given.",
  examples: [
    'dhow commit --author "firstName lastName" --change LABEL=purpose=test ctrID image-committed',
    "dhow commit --quiet --pause ctrID",
  ],
  options: {
    author: { type: "string", short: "a", describe: "Set the author for the image committed" },
    change: {
      type: "string",
      array: true,
      short: "c",
      describe: `Apply the following possible instructions to the created image: ${changeInstructions.join(" | ")}`,
    },
    config: {
      type: "string",
      describe: "File with a container configuration (JSON) to merge into the image",
      valueName: "file",
      complete: "files",
    },
    format: {
      type: "string",
      short: "f",
      default: "oci",
      describe: `Format of the image manifest and metadata: ${imageFormats.join(" or ")}`,
    },
    iidfile: { type: "string", describe: "File to write the image ID to", valueName: "file", complete: "files" },
    "include-volumes": { type: "boolean", describe: "Include container volumes as image volumes" },
    message: { type: "string", short: "m", describe: "Set commit message for the image (format docker)" },
    pause: { type: "boolean", short: "p", describe: "Pause container during commit" },
    quiet: { type: "boolean", short: "q", describe: "Print nothing but the image ID" },
    squash: { type: "boolean", short: "s", describe: "Make a single layer of the image and the changes" },
  },
  operands: { min: 1, max: 2, complete: "containers" },
  async run({ options, operands: [container = "", name] }, { engine, globals, out }) {
    const request = {
      name,
      format: parseImageFormat(options.format),
      author: options.author || undefined,
      message: options.message || undefined,
      changes: options.change,
      overrides: options.config === undefined ? undefined : readConfig(options.config),
      includesVolumes: options["include-volumes"],
      pauses: options.pause,
      squashes: options.squash,
    };
    const showLongStep = openSpinner({ quiet: options.quiet, logLevel: globals.logLevel });
    const image = await showLongStep("Committing", () =>
      commitContainer(engine, container.replace(/^\//, ""), request),
    );
    if (!options.quiet) showParts(engine.images.manifest(image), out);
    if (options.iidfile !== undefined) writeIdFile(options.iidfile, image.id);
    out.line(image.id);
  },
});

/** What was put together, in podman's words. */
function showParts({ layers, config }: Manifest, out: Output): void {
  out.diagnostic("Getting image source signatures");
  for (const { digest } of layers) out.diagnostic(`Copying blob ${digest}`);
  out.diagnostic(`Copying config ${config.digest}`);
  out.diagnostic("Writing manifest to image destination");
}

function readConfig(path: string) {
  try {
    return parseContainerDefaults(readFileSync(path));
  } catch (cause) {
    throw new DhowError(`--config ${path}`, { kind: "invalid-argument", cause });
  }
}
