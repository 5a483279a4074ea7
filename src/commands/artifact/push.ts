import { defineCommand } from "../../cli/command.ts";
import { policyOption, registryOptions, retryOptions } from "../../cli/options/registry.ts";
import { pushArtifact } from "../../image/artifact/push.ts";
import { readRegistryFlags } from "../../image/registry-flags.ts";
import { showCopy } from "../copy-progress.ts";
import { writeDigestFile } from "../digest-file.ts";
import { readSigningFlags, signingOptions } from "../image/signing.ts";

export const push = defineCommand({
  usage: "[options] ARTIFACT [DESTINATION]",
  summary: "Push an OCI artifact",
  description: "Pushes an artifact from local storage to a registry: where its name says, or another name.",
  examples: ["dhow artifact push quay.io/myimage/myartifact:latest"],
  options: {
    ...registryOptions,
    ...policyOption,
    ...retryOptions("push"),
    digestfile: {
      type: "string",
      describe: "Write the digest of the pushed artifact to the specified file",
      complete: "files",
    },
    quiet: { type: "boolean", short: "q", describe: "Suppress output information when pushing artifacts" },
    ...signingOptions,
  },
  operands: { min: 1, max: 2, complete: "artifacts" },
  async run({ options, operands: [name = "", destination], changed }, { engine, out }) {
    const registry = readRegistryFlags(options, changed("tls-verify"));
    const signer = await readSigningFlags(options);
    const display = options.quiet ? undefined : showCopy(out);
    const request = { ...registry, signer, onEvent: display?.onEvent };
    const { tag, digest, sizeBytes } = await pushArtifact(engine, name, destination, request).finally(() =>
      display?.end(),
    );
    if (options.digestfile !== undefined) writeDigestFile(options.digestfile, digest);
    if (!options.quiet) out.line(`${tag ?? name}: digest: ${digest} size: ${sizeBytes}`);
  },
});
