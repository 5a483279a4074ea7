import { defineCommand } from "../../cli/command.ts";
import { DhowError, isKind } from "../../errors.ts";
import { removeAllArtifacts, removeArtifact } from "../../image/artifact/remove.ts";
import { collectImageGarbage } from "../../image/remove.ts";
import { digestHex } from "../../oci/digest.ts";

export const rm = defineCommand({
  usage: "[options] ARTIFACT [ARTIFACT...]",
  summary: "Remove OCI artifacts",
  description: "Removes artifacts from local storage, given by their names or by (the first digits of) their digests.",
  examples: ["dhow artifact rm quay.io/myimage/myartifact:latest", "dhow artifact rm -a"],
  options: {
    all: { type: "boolean", short: "a", describe: "Remove all artifacts" },
    ignore: { type: "boolean", short: "i", describe: "Ignore errors when a specified artifact is missing" },
  },
  operands: { complete: "artifacts" },
  run({ options, operands }, { engine, out }) {
    if (options.all && operands.length > 0) {
      throw invalid("when using the --all switch, you may not pass any artifact names or digests");
    }
    if (!options.all && operands.length === 0) throw invalid("a single artifact name or digest must be specified");
    const failures: unknown[] = [];
    if (options.all) for (const digest of removeAllArtifacts(engine)) out.line(digestHex(digest));
    for (const name of operands) {
      try {
        out.line(digestHex(removeArtifact(engine, name)));
      } catch (error) {
        if (!options.ignore || !isKind(error, "not-found")) failures.push(error);
      }
    }
    collectImageGarbage(engine);
    if (failures.length > 0) throw new AggregateError(failures);
  },
});

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
