import { pullImage } from "../../src/image/pull.ts";
import { openEngine } from "../../src/open-engine.ts";

// A dhow process of its own, for tests that need several or one that they can kill: ROOT NAME.
const [root = "", name = ""] = process.argv.slice(2);
const engine = openEngine({
  globals: { root, runroot: `${root}/run`, storageOpts: [], logLevel: "warn" },
  warn: () => {},
});
const image = await pullImage(engine, name, { tlsVerify: false, retry: { retries: 1, delayMs: 10 } });
process.stdout.write(image.id);
