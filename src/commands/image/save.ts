import { defineCommand } from "../../cli/command.ts";
import { isTerminal } from "../../cli/output.ts";
import { DhowError } from "../../errors.ts";
import { type SaveFormat, saveFormats, saveImages } from "../../image/save.ts";
import { showCopy } from "../copy-progress.ts";

export const save = defineCommand({
  usage: "[options] IMAGE [IMAGE...]",
  summary: "Save image(s) to an archive",
  description:
    "Saves an image to a local file, a folder or stdout. Further arguments are names that it gets in the archive, or with --multi-image-archive further images.",
  examples: [
    "dhow save --quiet -o myimage.tar imageID",
    "dhow save --format docker-dir -o ubuntu-dir ubuntu",
    "dhow save -m -o two.tar alpine busybox",
    "dhow save alpine > alpine-all.tar",
  ],
  options: {
    compress: {
      type: "boolean",
      describe: "Compress tarball image layers when saving to a directory using the 'dir' transport",
    },
    format: {
      type: "string",
      default: "docker-archive",
      describe:
        "Save image to oci-archive, oci-dir (directory with oci manifest type), docker-archive, docker-dir (directory with v2s2 manifest type)",
      valueName: "format",
    },
    "multi-image-archive": {
      type: "boolean",
      short: "m",
      describe: "Interpret additional arguments as images, not tags, and create a multi-image-archive",
    },
    output: {
      type: "string",
      short: "o",
      describe: "Write to a specified file (default: stdout, which must be redirected)",
      complete: "files",
    },
    quiet: { type: "boolean", short: "q", describe: "Suppress the output" },
    uncompressed: { type: "boolean", describe: "Accept uncompressed layers when copying OCI images" },
  },
  operands: { min: 1, complete: "images" },
  async run({ options, operands, changed }, { engine, out }) {
    const format = readFormat(options.format);
    if (changed("compress") && format !== "docker-dir") {
      throw invalid("--compress can only be set when --format is 'docker-dir'");
    }
    const output = options.output || undefined;
    if (output === undefined && isTerminal(1)) throw invalid("refusing to save to terminal. Use -o flag or redirect");
    const [first = "", ...more] = operands;
    const isMulti = options["multi-image-archive"];
    // What goes to stdout is the archive; podman is quiet then.
    const display = options.quiet || output === undefined ? undefined : showCopy(out);
    try {
      await saveImages(engine, isMulti ? operands : [first], {
        format,
        output,
        tags: isMulti ? [] : more,
        compress: options.compress,
        uncompressed: options.uncompressed,
        onEvent: display?.onEvent,
      });
    } finally {
      display?.end();
    }
  },
});

function readFormat(text: string): SaveFormat {
  const format = saveFormats.find((each) => each === text);
  if (format) return format;
  throw invalid(`unsupported format ${JSON.stringify(text)} for saving images`);
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
