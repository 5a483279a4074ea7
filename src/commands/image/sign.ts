import { defineCommand } from "../../cli/command.ts";
import { registryOptions } from "../../cli/options/registry.ts";
import { DhowError } from "../../errors.ts";
import { readRegistryFlags } from "../../image/registry-flags.ts";
import { signImage } from "../../image/sign.ts";
import { readSigningFlags, signingOptions } from "./signing.ts";

export const sign = defineCommand({
  usage: "[options] IMAGE [IMAGE...]",
  summary: "Sign images that are in a registry",
  description:
    "Makes a sigstore signature with a private key and puts it beside the image in its registry, where cosign, Podman and dhow find it. 'dhow push --sign-by-sigstore-private-key' does the same while it pushes.",
  examples: ["dhow image sign --sign-by-sigstore-private-key cosign.key quay.io/team/app:1"],
  options: {
    all: { type: "boolean", short: "a", describe: "Sign all the manifests of a multi-architecture image" },
    directory: { type: "string", short: "d", describe: "Folder for GPG signatures (refused)" },
    ...registryOptions,
    ...signingOptions,
  },
  operands: { min: 1, complete: "images" },
  async run({ options, operands, changed }, { engine, out }) {
    if (options.directory !== undefined) {
      throw new DhowError("cannot use --directory: sigstore signatures lie in the registry", { kind: "unsupported" });
    }
    const key = await readSigningFlags(options);
    if (key === undefined) {
      throw new DhowError("please provide a key with --sign-by-sigstore-private-key", { kind: "invalid-argument" });
    }
    const registry = readRegistryFlags(options, changed("tls-verify"));
    for (const name of operands) {
      for (const digest of await signImage(engine, name, { ...registry, key, all: options.all })) out.line(digest);
    }
  },
});
