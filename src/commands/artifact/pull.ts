import { defineCommand } from "../../cli/command.ts";
import { policyOption, registryOptions } from "../../cli/options/registry.ts";
import { DhowError } from "../../errors.ts";
import { pullArtifact } from "../../image/artifact/pull.ts";
import { readRegistryFlags } from "../../image/registry-flags.ts";
import { digestHex } from "../../oci/digest.ts";
import { showCopy } from "../copy-progress.ts";

export const pull = defineCommand({
  usage: "[options] ARTIFACT",
  summary: "Pull an OCI artifact",
  description: "Pulls an artifact from a registry and stores it locally. Its digest is printed.",
  examples: ["dhow artifact pull quay.io/myimage/myartifact:latest"],
  options: {
    ...registryOptions,
    ...policyOption,
    "decryption-key": { type: "string", array: true, describe: "Key needed to decrypt the artifact (refused)" },
    quiet: { type: "boolean", short: "q", describe: "Suppress output information when pulling artifacts" },
  },
  operands: { min: 1, max: 1, complete: "artifacts" },
  async run({ options, operands: [name = ""], changed }, { engine, out }) {
    if (options["decryption-key"].length > 0) {
      throw new DhowError("--decryption-key: dhow does not read encrypted artifacts", { kind: "unsupported" });
    }
    const display = options.quiet ? undefined : showCopy(out);
    const request = { ...readRegistryFlags(options, changed("tls-verify")), onEvent: display?.onEvent };
    const digest = await pullArtifact(engine, name, request).finally(() => display?.end());
    if (!options.quiet) out.line(digestHex(digest));
  },
});
