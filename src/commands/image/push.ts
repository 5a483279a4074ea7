import { defineCommand } from "../../cli/command.ts";
import { policyOption, registryOptions, retryOptions } from "../../cli/options/registry.ts";
import type { Output } from "../../cli/output.ts";
import { DhowError } from "../../errors.ts";
import { type PushedImage, pushAllTags, pushImage } from "../../image/push.ts";
import { readPushFlags } from "../../image/push-flags.ts";
import { showCopy } from "../copy-progress.ts";
import { writeDigestFile } from "../digest-file.ts";
import { platformOption, readPlatform } from "./platform-option.ts";
import { readSigningFlags, signingOptions } from "./signing.ts";

export const push = defineCommand({
  usage: "[options] IMAGE [DESTINATION]",
  summary: "Push an image to a specified destination",
  description:
    "Copies an image from local storage to a registry, an archive or a folder. The destination has the form of docker://, dir:, oci:, oci-archive:, docker-archive: or containers-storage:; without one of these it is a name in a registry, and without any destination it is what the image is called.",
  examples: [
    "dhow push quay.io/me/web:1",
    "dhow push web quay.io/me/web:1",
    "dhow push --compression-format zstd web docker://localhost:5000/web",
    "dhow push web oci-archive:/tmp/web.tar:latest",
  ],
  options: {
    "all-tags": { type: "boolean", short: "a", describe: "Push all tags of the repository that are stored" },
    ...registryOptions,
    ...policyOption,
    ...retryOptions("push"),
    compress: {
      type: "boolean",
      describe: "Compress tarball image layers when pushing to a directory using the 'dir' transport",
    },
    "compression-format": {
      type: "string",
      describe: "Compression format to use for all layers (gzip, zstd)",
      valueName: "format",
    },
    "compression-level": { type: "number", describe: "Compression level to use (gzip 1-9, zstd 1-22)" },
    "disable-content-trust": { type: "boolean", describe: "This is a Docker specific option and is a NOOP" },
    digestfile: {
      type: "string",
      describe: "Write the digest of the pushed image to the specified file",
      complete: "files",
    },
    "encrypt-layer": { type: "string", array: true, describe: "Layers to encrypt (refused)" },
    "encryption-key": { type: "string", array: true, describe: "Key to encrypt the image with (refused)" },
    "force-compression": {
      type: "boolean",
      describe:
        "Use the specified compression format even if the destination has a layer in another one already (default with --compression-format)",
    },
    format: {
      type: "string",
      short: "f",
      describe:
        "Manifest type (oci or v2s2) to use in the destination (default is manifest type of source, with fallbacks)",
      valueName: "format",
    },
    ...platformOption,
    quiet: { type: "boolean", short: "q", describe: "Suppress output information when pushing images" },
    "remove-signatures": {
      type: "boolean",
      describe: "Discard any pre-existing signatures in the image (stored images have none)",
    },
    ...signingOptions,
  },
  operands: { min: 1, max: 2, complete: "images" },
  async run({ options, operands: [source = "", destination], changed }, { engine, out }) {
    const settings = readPushFlags(options, (flag) => changed(flag as keyof typeof options));
    // It may ask for a passphrase: before anything moves on the terminal.
    const signer = await readSigningFlags(options);
    const display = options.quiet ? undefined : showCopy(out);
    const platform = readPlatform(options.platform);
    const request = { ...settings, platform, signer, onEvent: display?.onEvent };
    try {
      if (options["all-tags"]) {
        if (destination !== undefined || options.digestfile !== undefined) {
          throw new DhowError("--all-tags takes a repository alone: no destination and no --digestfile", {
            kind: "invalid-argument",
          });
        }
        for await (const pushed of pushAllTags(engine, source, request)) {
          display?.end();
          if (!options.quiet) showDigest(out, pushed);
        }
        return;
      }
      const pushed = await pushImage(engine, source, destination, request);
      display?.end();
      if (options.digestfile !== undefined) writeDigestFile(options.digestfile, pushed.digest);
      if (!options.quiet) showDigest(out, pushed);
    } finally {
      display?.end();
    }
  },
});

/** As docker does after a push to a registry. */
function showDigest(out: Output, { tag, digest, sizeBytes }: PushedImage): void {
  if (tag !== undefined) out.line(`${tag}: digest: ${digest} size: ${sizeBytes}`);
}
