import type { OptionTable } from "../../../cli/command.ts";

/** Another policy than the one in force. */
export const policyPathOption = {
  "signature-policy": {
    type: "string",
    aliases: ["policypath"],
    describe: "Path of the signature policy, instead of the one in force",
    valueName: "file",
    complete: "files",
  },
} as const satisfies OptionTable;
