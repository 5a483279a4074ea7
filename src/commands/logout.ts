import { defineCommand } from "../cli/command.ts";
import { DhowError } from "../errors.ts";
import { logoutEverywhere, parseLoginTarget, logout as signOut } from "../image/login.ts";
import { authFileOptions, readAuthFileFlags } from "./auth-file-options.ts";

export const logout = defineCommand({
  usage: "[options] [REGISTRY]",
  summary: "Log out of a container registry",
  description: "Removes the stored user name and password of a registry.",
  examples: ["dhow logout quay.io", "dhow logout --all"],
  options: {
    all: { type: "boolean", short: "a", describe: "Remove the cached credentials for all registries in the auth file" },
    ...authFileOptions,
  },
  operands: { max: 1 },
  needsNamespace: false,
  async run({ options, operands }, { out }) {
    const choice = readAuthFileFlags(options);
    if (options.all) {
      if (operands.length > 0) throw new DhowError("--all takes no arguments", { kind: "invalid-argument" });
      await logoutEverywhere(choice);
      out.line("Removed login credentials for all registries");
      return;
    }
    const target = parseLoginTarget(operands[0]);
    await signOut(target, choice);
    out.line(`Removed login credentials for ${target.key}`);
  },
});
