import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import type { Engine } from "../../../src/engine.ts";
import { type AddArtifactOptions, addArtifact } from "../../../src/image/artifact/add.ts";
import { extractArtifact } from "../../../src/image/artifact/extract.ts";
import { removeAllArtifacts, removeArtifact } from "../../../src/image/artifact/remove.ts";
import { collectImageGarbage } from "../../../src/image/remove.ts";
import { checkStore } from "../../../src/storage/check-store.ts";
import { measureDiskUsage } from "../../../src/upkeep/disk-usage.ts";
import { makeScratch } from "../../storage/scratch.ts";

let engine: Engine;
let folder: string;
beforeEach(() => {
  const scratch = makeScratch();
  engine = scratch.open();
  folder = `${engine.paths.data}/../files`;
  mkdirSync(folder, { recursive: true });
  for (const name of ["a.txt", "b.bin", "c.txt"]) writeFileSync(`${folder}/${name}`, `${name}\0`.repeat(2000));
});

const plain: AddArtifactOptions = {
  append: false,
  replace: false,
  annotations: {},
  artifactType: undefined,
  fileType: undefined,
};
const whole = { digest: undefined, title: undefined };
const add = (name: string, files: readonly string[], options: Partial<AddArtifactOptions> = {}) =>
  addArtifact(
    engine,
    name,
    files.map((file) => `${folder}/${file}`),
    { ...plain, ...options },
  );
const titles = (name: string) =>
  engine.artifacts.get(name).manifest.layers.map(({ annotations }) => annotations?.["org.opencontainers.image.title"]);

describe("addArtifact()", () => {
  it("stores files with their names, types and annotations", async () => {
    const digest = await add("quay.io/a/b:1", ["a.txt", "b.bin"], { annotations: { z: "1" }, artifactType: "x/y" });
    const { manifest } = engine.artifacts.get("quay.io/a/b:1");
    expect(manifest.artifactType).toBe("x/y");
    expect(manifest.layers.map(({ mediaType, size }) => [mediaType, size])).toEqual([
      ["application/octet-stream", 12_000],
      ["application/octet-stream", 12_000],
    ]);
    expect(manifest.layers[0]?.annotations).toEqual({ "org.opencontainers.image.title": "a.txt", z: "1" });
    expect(engine.artifacts.get(digest.slice(7, 15)).name).toBe("quay.io/a/b:1");
  });

  it("appends files, and keeps those that were there", async () => {
    await add("quay.io/a/b", ["a.txt"], { artifactType: "x/y" });
    const digest = await add("quay.io/a/b:latest", ["b.bin"], { append: true, fileType: "text/x" });
    expect(titles("quay.io/a/b")).toEqual(["a.txt", "b.bin"]);
    expect(engine.artifacts.list().map((artifact) => [artifact.name, artifact.digest])).toEqual([
      ["quay.io/a/b", digest],
    ]);
    expect(engine.artifacts.get("quay.io/a/b").manifest).toMatchObject({ artifactType: "x/y", layers: [{}, {}] });
    await expect(add("quay.io/a/b", ["a.txt"], { append: true })).rejects.toThrow(
      "a.txt: file already exists in artifact",
    );
    await expect(add("quay.io/a/b", ["c.txt"], { append: true, artifactType: "x/y" })).rejects.toThrow(
      "append option is not compatible with type option",
    );
    await expect(add("quay.io/other", ["c.txt"], { append: true })).rejects.toThrow(
      "quay.io/other: artifact does not exist",
    );
  });

  it("takes the place of one of the same name only when asked", async () => {
    await add("quay.io/a/b:1", ["a.txt"]);
    await expect(add("quay.io/a/b:1", ["b.bin"])).rejects.toThrow("quay.io/a/b:1: artifact already exists");
    await add("quay.io/a/b:1", ["b.bin"], { replace: true });
    expect(titles("quay.io/a/b:1")).toEqual(["b.bin"]);
  });

  it("refuses what makes no artifact", async () => {
    await expect(add("", ["a.txt"])).rejects.toThrow("artifact name cannot be empty");
    await expect(add("UPPER", ["a.txt"])).rejects.toMatchObject({ kind: "invalid-argument" });
    await expect(add("q.io/x", ["missing"])).rejects.toMatchObject({ kind: "not-found" });
    await expect(add("q.io/x", ["a.txt", "a.txt"])).rejects.toThrow("file already exists in artifact");
    const annotations = { "org.opencontainers.image.title": "other" };
    await expect(add("q.io/x", ["a.txt"], { annotations })).rejects.toThrow("cannot override filename");
    expect(engine.artifacts.list()).toEqual([]);
  });
});

describe("extractArtifact()", () => {
  const target = () => {
    mkdirSync(`${folder}/out`);
    return `${folder}/out`;
  };
  const content = (path: string) => readFileSync(path, "latin1").slice(0, 5);

  it("writes all files into a folder", async () => {
    await add("q.io/x", ["a.txt", "b.bin"]);
    const out = target();
    await extractArtifact(engine, "q.io/x", out, whole);
    expect(readdirSync(out)).toEqual(["a.txt", "b.bin"]);
    expect(content(`${out}/b.bin`)).toBe("b.bin");
  });

  it("writes one file, by its title or digest", async () => {
    await add("q.io/x", ["a.txt", "b.bin"]);
    const digest = engine.artifacts.get("q.io/x").manifest.layers[1]?.digest as string;
    const out = target();
    await extractArtifact(engine, "q.io/x", `${out}/f`, { digest: undefined, title: "b.bin" });
    expect(content(`${out}/f`)).toBe("b.bin");
    await extractArtifact(engine, "q.io/x", out, { digest, title: undefined });
    expect(readdirSync(out)).toEqual(["f", digest.replace(":", "-")]);
    const failing = (options: { digest?: string; title?: string }, to = out) =>
      extractArtifact(engine, "q.io/x", to, { ...whole, ...options });
    await expect(failing({ title: "no" })).rejects.toThrow('no blob with the title "no"');
    await expect(failing({ digest: "no" })).rejects.toThrow('no blob with the digest "no"');
    await expect(failing({ digest, title: "b.bin" })).rejects.toThrow("cannot specify both digest and title");
    await expect(failing({}, `${out}/one`)).rejects.toThrow("the artifact consists of several blobs");
  });

  it("lets no title lead out of the folder", async () => {
    await add("q.io/x", ["a.txt"]);
    const { manifest } = engine.artifacts.get("q.io/x");
    for (const title of ["../evil", "/tmp/evil", "..", "a\0b"]) {
      const layers = manifest.layers.map((layer) => ({
        ...layer,
        annotations: { "org.opencontainers.image.title": title },
      }));
      engine.artifacts.put("q.io/evil", engine.blobs.put(Buffer.from(JSON.stringify({ ...manifest, layers }))));
      await expect(extractArtifact(engine, "q.io/evil", folder, whole)).rejects.toMatchObject({
        kind: "invalid-argument",
      });
    }
  });
});

describe("removeArtifact()", () => {
  it("lets its blobs go, but not those that another one needs", async () => {
    await add("q.io/x", ["a.txt", "b.bin"]);
    const kept = await add("q.io/y", ["b.bin"]);
    expect(measureDiskUsage(engine)).toMatchObject({ imagesBytes: 0, artifacts: [{}, {}] });
    removeArtifact(engine, "q.io/x");
    engine.database.run("DELETE FROM leases");
    collectImageGarbage(engine);
    expect(engine.blobs.list()).toHaveLength(3);
    expect(engine.blobs.list()).toContain(kept);
    expect(removeAllArtifacts(engine)).toEqual([kept]);
    collectImageGarbage(engine);
    expect(engine.blobs.list()).toEqual([]);
    expect(() => removeArtifact(engine, "q.io/x")).toThrow("q.io/x: artifact does not exist");
  });
});

it("checkStore() finds artifacts of which something is missing", async () => {
  await add("q.io/x", ["a.txt"]);
  const { database, leases, blobs, layers, paths } = engine;
  const parts = { database, leases, blobs, layers, dataDirectory: paths.data };
  const look = () => checkStore(parts, { quick: false, maxAgeMs: 0 }).artifacts;
  expect(look()).toEqual([]);
  const [layer] = engine.artifacts.get("q.io/x").manifest.layers;
  writeFileSync(blobs.path(layer?.digest as never), "other");
  expect(look()).toEqual([{ name: "q.io/x", reason: `its blob ${layer?.digest} has changed on disk` }]);
  blobs.remove(layer?.digest as never);
  expect(look()).toEqual([{ name: "q.io/x", reason: `its blob ${layer?.digest} is not stored` }]);
});
