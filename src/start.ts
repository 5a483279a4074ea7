import { runProgram } from "./cli/program.ts";
import { commands } from "./commands/table.ts";
import { ensureNamespace } from "./rootless/enter.ts";
import { getVariable } from "./system/environment.ts";
import { version } from "./version.ts";

/** Puts the parts together and runs one command line. @returns The exit code. */
export function start(argv: readonly string[]): Promise<number> {
  return runProgram(
    {
      // As `alias podman=dhow` has it: a link of that name makes help and messages speak of it.
      name: getVariable("DHOW_INVOKED_AS") ?? "dhow",
      version,
      commands,
      enterNamespace: ensureNamespace,
      loadEngine: async () => (await import("./open-engine.ts")).openEngine,
      listNames: async (kind, globals) => (await import("./list-names.ts")).listNames(kind, globals),
    },
    argv,
  );
}
