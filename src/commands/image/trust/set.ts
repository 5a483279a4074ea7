import { defineCommand } from "../../../cli/command.ts";
import { setTrust } from "../../../image/trust.ts";
import { policyPathOption } from "./options.ts";

export const set = defineCommand({
  usage: "[options] REGISTRY",
  summary: "Set the default trust policy or that of a registry",
  description:
    "Writes into the signature policy what images of a registry, namespace or repository must be signed by. The name 'default' stands for everything that is not named.",
  examples: [
    "dhow image trust set -t reject default",
    "dhow image trust set -t sigstoreSigned -f /etc/pki/release.pub quay.io/team",
  ],
  options: {
    ...policyPathOption,
    pubkeysfile: {
      type: "string",
      array: true,
      short: "f",
      describe: "Path of an installed public key to trust; several may be given",
      complete: "files",
    },
    type: {
      type: "string",
      short: "t",
      default: "signedBy",
      describe: "Trust type: signedBy, sigstoreSigned, accept, reject",
    },
  },
  operands: { min: 1, max: 1 },
  needsNamespace: false,
  async run({ options, operands }) {
    const [scope = ""] = operands;
    await setTrust(
      { scope, type: options.type, keyFiles: options.pubkeysfile },
      { policyPath: options["signature-policy"] },
    );
  },
});
