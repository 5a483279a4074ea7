import { defineCommand } from "../../cli/command.ts";
import { imageOptions } from "../../cli/options/container/image.ts";
import { openSpinner } from "../../cli/spinner.ts";
import { DhowError } from "../../errors.ts";
import { ensureImage } from "../../image/ensure-image.ts";
import { parsePullPolicy, readPullFlags } from "../../image/pull-flags.ts";
import { showCopy } from "../copy-progress.ts";

const { pull: _, quiet, ...registryOptions } = imageOptions;

export const pull = defineCommand({
  usage: "[options] IMAGE [IMAGE...]",
  summary: "Pull an image from a registry",
  description:
    "Pulls an image from a registry, an archive or a folder and stores it locally. An image can be pulled by tag or digest. Without either, the image with the 'latest' tag is pulled; without a registry, registries.conf decides, else it is docker.io.",
  examples: [
    "dhow pull alpine",
    "dhow pull --platform linux/arm64 quay.io/fedora/fedora:latest",
    "dhow pull oci-archive:/tmp/web.tar:latest",
  ],
  options: {
    "all-tags": { type: "boolean", short: "a", describe: "All tagged images in the repository will be pulled" },
    ...registryOptions,
    "decryption-key": { type: "string", array: true, describe: "Key needed to decrypt the image (refused)" },
    "disable-content-trust": { type: "boolean", describe: "This is a Docker specific option and is a NOOP" },
    policy: { type: "string", default: "always", describe: 'Pull image policy ("always"|"missing"|"never"|"newer")' },
    quiet,
  },
  operands: { min: 1, complete: "images" },
  async run({ options, operands, changed }, { engine, globals, out }) {
    const policy = parsePullPolicy(options.policy);
    if (options["decryption-key"].length > 0) {
      throw new DhowError("--decryption-key: dhow does not read encrypted images", { kind: "unsupported" });
    }
    const settings = {
      ...readPullFlags(options, changed("tls-verify")),
      showLongStep: openSpinner({ quiet: options.quiet, logLevel: globals.logLevel }),
    };
    const failures: unknown[] = [];
    for (const name of operands) {
      const display = options.quiet ? undefined : showCopy(out);
      try {
        const request = { ...settings, policy, onEvent: display?.onEvent };
        const images = options["all-tags"]
          ? await (await import("../../image/pull.ts")).pullAllTags(engine, name, request)
          : [await ensureImage(engine, name, request)];
        display?.end();
        for (const { id } of images) out.line(id);
      } catch (error) {
        display?.end();
        failures.push(error);
      }
    }
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, "several images could not be pulled");
  },
});
