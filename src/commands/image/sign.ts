import { defineCommand } from "../../cli/command.ts";
import { registryOptions } from "../../cli/options/registry.ts";
import { DhowError } from "../../errors.ts";
import { readRegistryFlags } from "../../image/registry-flags.ts";
import { signImage } from "../../image/sign.ts";
import { readSigningFlags, signingOptions } from "./signing.ts";

export const sign = defineCommand({
  usage: "[options] IMAGE [IMAGE...]",
  summary: "Sign images",
  description:
    "Makes a sigstore signature with a private key and puts it beside the image in its registry, where cosign, Podman and dhow find it; or, with --sign-by, a GPG signature in the lookaside that registries.d names or in a folder. 'dhow push' does the same with the same flags while it pushes.",
  examples: [
    "dhow image sign --sign-by-sigstore-private-key cosign.key quay.io/team/app:1",
    "dhow image sign --sign-by me@example.com --directory /tmp/signatures containers-storage:quay.io/team/app:1",
  ],
  options: {
    all: { type: "boolean", short: "a", describe: "Sign all the manifests of a multi-architecture image" },
    directory: {
      type: "string",
      short: "d",
      describe: "Folder for GPG signatures, instead of the lookaside",
      complete: "files",
    },
    ...registryOptions,
    ...signingOptions,
  },
  operands: { min: 1, complete: "images" },
  async run({ options, operands, changed }, { engine, out }) {
    const signer = await readSigningFlags(options);
    if (signer === undefined) {
      throw new DhowError("please provide an identity: --sign-by, or --sign-by-sigstore-private-key", {
        kind: "invalid-argument",
      });
    }
    const registry = readRegistryFlags(options, changed("tls-verify"));
    const request = { ...registry, signer, directory: options.directory, all: options.all };
    for (const name of operands) {
      for (const digest of await signImage(engine, name, request)) out.line(digest);
    }
  },
});
