import { closeSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { getVariable } from "./system/environment.ts";

closeHeldFiles();
startCompileCache();
restoreWorkingDirectory();
// Loaded behind the cache, not beside it: what is loaded before is compiled anew each time.
void import("./start.ts").then(async ({ start }) => process.exit(await start(process.argv.slice(2))));

/** The namespaces' files, which the launcher has opened to enter them: no program of ours is to inherit them. */
function closeHeldFiles(): void {
  if (getVariable("DHOW_HELD") === undefined) return;
  for (const fd of [8, 9]) {
    try {
      closeSync(fd);
    } catch {
      // The variable was not the launcher's.
    }
  }
}

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
