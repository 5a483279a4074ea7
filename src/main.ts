import { enableCompileCache } from "node:module";
import { runProgram } from "./cli/program.ts";
import { commands } from "./commands/table.ts";
import { ensureNamespace } from "./rootless/enter.ts";
import { getVariable } from "./system/environment.ts";
import { version } from "./version.ts";

startCompileCache();
restoreWorkingDirectory();
void runProgram(
  {
    // As `alias podman=dhow` has it: a link of that name makes help and messages speak of it.
    name: getVariable("DHOW_INVOKED_AS") ?? "dhow",
    version,
    commands,
    enterNamespace: ensureNamespace,
    loadEngine: async () => (await import("./open-engine.ts")).openEngine,
    listNames: async (kind, globals) => (await import("./list-names.ts")).listNames(kind, globals),
  },
  process.argv.slice(2),
).then((exitCode) => process.exit(exitCode));

/** V8 keeps the compiled form of our chunks and of the libraries there. Without a home it compiles them anew. */
function startCompileCache(): void {
  const home = getVariable("HOME");
  const cache = getVariable("XDG_CACHE_HOME") ?? (home && `${home}/.cache`);
  if (cache?.startsWith("/")) enableCompileCache(`${cache}/dhow/v8`);
}

/** Entering the mount namespace loses the working directory. One that has been removed meanwhile cannot be had back. */
function restoreWorkingDirectory(): void {
  const directory = getVariable("DHOW_CWD");
  if (directory === undefined) return;
  try {
    process.chdir(directory);
  } catch {
    process.chdir("/");
  }
}
