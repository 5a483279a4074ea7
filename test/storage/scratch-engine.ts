import type { Engine } from "../../src/engine.ts";
import { openEngine } from "../../src/open-engine.ts";

/** An engine on a folder of a test, for test files and for the programs they start. */
export function openScratch(root: string, storageDriver = "overlay", additional: readonly string[] = []): Engine {
  const globals = {
    root: `${root}/data`,
    runroot: `${root}/run`,
    storageDriver,
    storageOpts: additional.map((folder) => `additionalimagestore=${folder}/data`),
    logLevel: "warn",
  } as const;
  return openEngine({ globals, warn: () => {} });
}
