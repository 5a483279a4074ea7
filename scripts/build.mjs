// Bundles src/ into dist/: CommonJS chunks, one a command, which Node loads several times faster than ES modules.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const output = resolve(root, "dist");

/** Worker threads, and the process that enters containers to copy, start from files of their own. */
const entries = {
  main: "src/main.ts",
  "unpack-worker": "src/storage/unpack/worker.ts",
  copier: "src/storage/copy/copier.ts",
};

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

/**
 * Modules that are always needed together are one file each: reading a file costs more than the code in it. What is in none
 * of these lies in chunks of its own or beside what it is needed with. Nothing here may load an expensive module of Node's.
 */
const chunks = [
  // Needed before the compile cache, by main, which must hold nothing that others need: they would start it again.
  { name: "environment", test: oneOf(sources("system/environment"), /rolldown.runtime/) },
  {
    // What every command line needs.
    name: "core",
    test: oneOf(
      sources(
        "errors|version|start|cli/(?:command|failure|flags|globals|locate|operands|output|program)|commands/(?:\\w+/)?table|rootless/enter|system/log",
      ),
      /\/package\.json$/,
    ),
  },
  {
    // What every command with an engine needs.
    name: "base",
    test: sources(
      "open-engine|oci/(?:digest|reference)|storage/(?!garbage|check-store|disk-usage|layer-options|reserve|user-mounts)[\\w-]+|rootless/(?:user|cgroup)|container/(?:state|refresh|list|end|cgroups)|system/(?!environment|log)[\\w-]+|cli/(?:filter|human|table)",
    ),
  },
  // What fetching an image takes before it is known whether it is there.
  {
    name: "copy-progress",
    test: sources(
      "commands/copy-progress|cli/(?:progress|spinner)|model/long-step|image/(?:pull-flags|registry-flags|transport/location)",
    ),
  },
];

const costly = new Set(["crypto", "http", "https", "tls", "worker_threads", "zlib"].map((name) => `node:${name}`));

function oneOf(...patterns) {
  return (id) => patterns.some((pattern) => pattern.test(id));
}

function sources(names) {
  return new RegExp(`^${root}/src/(?:${names})\\.ts$`);
}

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
process.on("exit", () => rmSync(fresh, { recursive: true, force: true }));
mkdirSync(fresh);
const { output: files } = await bundle.write({
  dir: fresh,
  format: "cjs",
  entryFileNames: "[name].cjs",
  chunkFileNames: "[name]-[hash].cjs",
  codeSplitting: { groups: chunks },
});
await bundle.close();
checkChunks(files);
writeFileSync(resolve(fresh, "package.json"), '{ "type": "commonjs" }\n');
if (existsSync(output)) renameSync(output, old);
renameSync(fresh, output);
rmSync(old, { recursive: true, force: true });

/**
 * Refuses a bundle in which chunks need each other in a circle, in which constants can be read before they are set, in
 * which one needs main, which would start dhow once more, or in which every command would load an expensive module of Node's.
 */
function checkChunks(files) {
  const imports = new Map(files.map(({ fileName, imports = [] }) => [fileName, imports]));
  const done = new Set();
  const visit = (file, path) => {
    if (path.includes(file)) throw new Error(`chunks need each other: ${[...path, file].join(" -> ")}`);
    if (file === "main.cjs" && path.length > 0) throw new Error(`${path.at(-1)} needs main.cjs`);
    if (done.has(file)) return;
    const expensive = imports.get(file)?.find((name) => costly.has(name));
    if (/^(?:environment|core|base)-/.test(file) && expensive) throw new Error(`${file} loads ${expensive} at once`);
    for (const next of imports.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
}
