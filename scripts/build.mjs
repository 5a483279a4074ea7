// Bundles src/ into dist/: CommonJS chunks, one a command, which Node loads several times faster than ES modules.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const output = resolve(root, "dist");

/** Worker threads start from files of their own. */
const entries = { main: "src/main.ts", "unpack-worker": "src/storage/unpack/worker.ts" };

/** Modules that cost too much at load for what yargs needs of them; each shim says what it leaves out. */
const shims = [
  { matches: (id) => id.endsWith("platform-shims/esm.mjs"), path: "scripts/shims/yargs-platform.mjs" },
  { matches: (id) => id === "string-width", path: "scripts/shims/string-width.mjs" },
  { matches: (id) => id === "y18n", path: "scripts/shims/y18n.mjs" },
];

const input = Object.fromEntries(
  Object.entries(entries)
    .map(([name, path]) => [name, resolve(root, path)])
    .filter(([, path]) => existsSync(path)),
);

/** In seconds; set from outside where builds have to be the same byte for byte. */
const builtAt = Number(process.env.SOURCE_DATE_EPOCH ?? Math.trunc(Date.now() / 1000));

const bundle = await rolldown({
  input,
  cwd: root,
  platform: "node",
  external: ["koffi"],
  // The oldest Node that runs dhow knows no `using`.
  transform: {
    define: { "import.meta.resolve": "undefined", DHOW_BUILT_AT: String(builtAt) },
    target: "node22",
  },
  plugins: [
    {
      name: "shims",
      resolveId(id) {
        const shim = shims.find(({ matches }) => matches(id));
        return shim ? resolve(root, shim.path) : undefined;
      },
    },
  ],
  onLog(level, log, handle) {
    if (level === "warn") throw new Error(`rolldown: ${log.message}`);
    handle(level, log);
  },
});

// A dhow that runs while dist/ is rebuilt finds the old chunks or the new ones, never a half-written folder.
const fresh = `${output}.${process.pid}.new`;
const old = `${output}.${process.pid}.old`;
rmSync(fresh, { recursive: true, force: true });
mkdirSync(fresh);
await bundle.write({
  dir: fresh,
  format: "cjs",
  entryFileNames: "[name].cjs",
  chunkFileNames: "[name]-[hash].cjs",
  codeSplitting: true,
});
await bundle.close();
writeFileSync(resolve(fresh, "package.json"), '{ "type": "commonjs" }\n');
if (existsSync(output)) renameSync(output, old);
renameSync(fresh, output);
rmSync(old, { recursive: true, force: true });
