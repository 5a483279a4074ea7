import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const root = new URL("..", import.meta.url).pathname;
const mechanisms = ["rootless", "storage", "registry", "runtime", "network", "trust"];
const verbs = ["image", "volume", "secret", "user-network", "container", "pod", "build", "events", "upkeep"];

/** The table of docs/architecture.md: what each part of src may import besides itself. "*" is everything. */
const mayImport: Record<string, readonly string[]> = {
  "errors.ts": [],
  "version.ts": [],
  oci: ["errors.ts"],
  model: ["errors.ts", "oci"],
  system: ["errors.ts"],
  rootless: ["errors.ts", "oci", "model", "system"],
  storage: ["errors.ts", "oci", "model", "system", "rootless"],
  registry: ["errors.ts", "oci", "model", "system"],
  trust: ["errors.ts", "oci", "system"],
  runtime: ["errors.ts", "oci", "model", "system", "rootless"],
  network: ["errors.ts", "oci", "model", "system", "rootless"],
  "engine.ts": ["errors.ts", "oci", "model", "system", ...mechanisms],
  image: ["errors.ts", "oci", "model", "system", "engine.ts", ...mechanisms],
  secret: ["errors.ts", "oci", "model", "system", "engine.ts", ...mechanisms],
  volume: ["errors.ts", "oci", "model", "system", "engine.ts", ...mechanisms],
  container: ["errors.ts", "oci", "model", "system", "engine.ts", "image", "volume", "secret", ...mechanisms],
  build: [
    "errors.ts",
    "version.ts",
    "oci",
    "model",
    "system",
    "engine.ts",
    "image",
    "volume",
    "secret",
    "container",
    ...mechanisms,
  ],
  pod: ["errors.ts", "oci", "model", "system", "engine.ts", "container", ...mechanisms],
  "user-network": ["errors.ts", "oci", "model", "system", "engine.ts", ...mechanisms],
  events: ["errors.ts", "oci", "model", "system", "engine.ts", ...mechanisms],
  upkeep: [
    "errors.ts",
    "oci",
    "model",
    "system",
    "engine.ts",
    "image",
    "volume",
    "user-network",
    "container",
    "pod",
    "build",
    ...mechanisms,
  ],
  cli: ["errors.ts", "oci", "model", "system", "engine.ts"],
  commands: ["errors.ts", "version.ts", "oci", "model", "engine.ts", "cli", ...verbs],
  "open-engine.ts": ["*"],
  "list-names.ts": ["*"],
  "main.ts": ["*"],
  "start.ts": ["*"],
};

/** Commands whose subject is the machine itself may ask the rootless layer. */
const machineCommands = ["doctor", "unshare", "info", "migrate", "share-images"];

const bannedNames = /^(utils?|helpers?|common|misc|lib|core)$/;

function sourceFiles(folder = join(root, "src")): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => relative(root, join(folder, path)))
    .sort();
}

/** The relative imports of a file: static, dynamic and type imports, and re-exports. */
function importsOf(file: string, text = readFileSync(join(root, file), "utf8")): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const specifiers = code.matchAll(/(?:\bfrom|\bimport|\bimport\(|\brequire\w*\()\s*["'](\.{1,2}\/[^"']+)["']/g);
  return [...specifiers]
    .map(([, specifier]) => relative(root, join(root, file, "..", specifier as string)))
    .filter((target) => target !== "package.json");
}

/** `src/oci/digest.ts` belongs to `oci`, `src/errors.ts` to `errors.ts`. */
function partOf(file: string): string {
  return file.split("/")[1] as string;
}

function isAllowed(file: string, target: string): boolean {
  const [from, to] = [partOf(file), partOf(target)];
  const allowed = mayImport[from] ?? [];
  if (from === to || allowed.includes("*") || allowed.includes(to)) return true;
  const command = file.split("/").at(-1)?.replace(".ts", "") ?? "";
  return from === "commands" && to === "rootless" && machineCommands.includes(command);
}

describe("architecture", () => {
  const files = sourceFiles();

  it("knows every folder and file of src", () => {
    const unknown = [...new Set(files.map(partOf))].filter((part) => !(part in mayImport));
    expect(unknown).toEqual([]);
  });

  it("has imports only in the directions of the table", () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((target) => !isAllowed(file, target))
        .map((target) => `${file} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it("keeps every file at 400 lines or less", () => {
    const long = files
      .map((file) => ({ file, lines: readFileSync(join(root, file), "utf8").trimEnd().split("\n").length }))
      .filter(({ lines }) => lines > 400);
    expect(long).toEqual([]);
  });

  it("names folders and files for things of the domain", () => {
    const vague = files.filter((file) => file.split("/").some((name) => bannedNames.test(name.replace(/\.ts$/, ""))));
    expect(vague).toEqual([]);
  });

  it("sees imports of every form", () => {
    const text = [
      'import { a } from "./a.ts";',
      'import type { B } from "../model/b.ts";',
      'import "./c.ts";',
      "import {",
      "  d,",
      '} from "./deep/d.ts";',
      'export { e } from "./e.ts";',
      'const f = await import("../cli/f.ts");',
      'let g: typeof import("./g.ts");',
      '// import { no } from "./comment.ts";',
      'import { join } from "node:path";',
    ].join("\n");
    const names = ["oci/a", "model/b", "oci/c", "oci/deep/d", "oci/e", "cli/f", "oci/g"];
    expect(importsOf("src/oci/x.ts", text)).toEqual(names.map((name) => `src/${name}.ts`));
  });

  it("refuses what the table does not allow", () => {
    expect(isAllowed("src/oci/digest.ts", "src/storage/blobs.ts")).toBe(false);
    expect(isAllowed("src/storage/blobs.ts", "src/network/network.ts")).toBe(false);
    expect(isAllowed("src/commands/ps.ts", "src/rootless/ids.ts")).toBe(false);
    expect(isAllowed("src/commands/doctor.ts", "src/rootless/doctor.ts")).toBe(true);
  });
});
