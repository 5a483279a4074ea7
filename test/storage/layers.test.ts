import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import type { Engine } from "../../src/engine.ts";
import { chainIds } from "../../src/storage/chain-id.ts";
import { collectGarbage } from "../../src/storage/garbage.ts";
import { sha256 } from "../../src/storage/hash.ts";
import { readdirOrEmpty } from "../../src/storage/temporary.ts";
import { addSampleImage, ended, makeScratch, startFixture } from "./scratch.ts";

// Dozens of processes are started here: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 180_000 });

const diffId = sha256("some layer");
const layer = { chainId: diffId, parent: undefined, diffId };

function collect(engine: Engine): number {
  const { database, leases, blobs, layers } = engine;
  return collectGarbage({ dataDirectory: engine.paths.data, database, leases, blobs, layers });
}

describe("layers.add()", () => {
  it("unpacks once in one process", async () => {
    const engine = makeScratch().open();
    let unpacked = 0;
    const add = () =>
      engine.layers.add(layer, async (diff) => {
        unpacked++;
        writeFileSync(`${diff}/file`, "content");
        return { sizeBytes: 7 };
      });
    const [one, two] = await Promise.all([add(), add()]);
    expect(unpacked).toBe(1);
    expect(one).toEqual(two);
    expect(one).toMatchObject({ chainId: diffId, sizeBytes: 7 });
    expect(readFileSync(`${engine.layers.diffPath(one)}/file`, "utf8")).toBe("content");
  });

  it("unpacks once among parallel processes", async () => {
    const { root } = makeScratch();
    const children = Array.from({ length: 6 }, () => startFixture("add-layer.ts", root, diffId));
    const outputs = (await Promise.all(children.map(ended))).map(({ output }) => output.split("\n")[1]);
    expect(outputs.sort()).toEqual(["found", "found", "found", "found", "found", "unpacked"]);
  });

  it("leaves nothing when unpacking fails", async () => {
    const engine = makeScratch().open();
    const failing = engine.layers.add(layer, () => Promise.reject(new Error("bad archive")));
    await expect(failing).rejects.toThrow("bad archive");
    expect(engine.layers.find(diffId)).toBeUndefined();
    expect(readdirSync(`${engine.paths.data}/tmp`)).toEqual([]);
  });

  it("gives the root directory the attributes of the one below", async () => {
    const engine = makeScratch().open();
    const [base, top] = chainIds([diffId, sha256("another")]) as [typeof diffId, typeof diffId];
    await engine.layers.add(layer, async (diff) => {
      chmodSync(diff, 0o1711);
      return { sizeBytes: 0 };
    });
    const added = await engine.layers.add({ chainId: top, parent: base, diffId: top }, async () => ({ sizeBytes: 0 }));
    expect(statSync(engine.layers.diffPath(added)).mode & 0o7777).toBe(0o1711);
  });

  it("starts from a copy of the layer below for vfs", async () => {
    const engine = makeScratch({ storageDriver: "vfs" }).open();
    expect(engine.layers.kind).toBe("merged");
    const image = await addSampleImage(engine, { layers: ["one", "two"] });
    const [top] = engine.layers.chain(image.topLayer as typeof diffId);
    expect(readdirSync(engine.layers.diffPath(top as NonNullable<typeof top>)).sort()).toEqual(["file-0", "file-1"]);
  });

  it("keeps the state readable when its process is killed at any moment", async () => {
    const { root, open } = makeScratch();
    const engine = open();
    for (let round = 0; round < 12; round++) {
      const child = startFixture("add-layer.ts", root, diffId, "400");
      await new Promise((resolve) => child.stdout?.once("data", resolve));
      setTimeout(() => child.kill("SIGKILL"), round * 8);
      await ended(child);
      const found = engine.layers.find(diffId);
      if (found) expect(readdirSync(`${engine.layers.diffPath(found)}/many`)).toHaveLength(400);
      collect(engine);
      expect(readdirOrEmpty(`${root}/data/tmp`)).toEqual([]);
      expect(engine.database.all("SELECT * FROM leases")).toEqual([]);
      expect(readdirOrEmpty(`${root}/data/layers`)).toEqual([]);
      expect(engine.layers.find(diffId)).toBeUndefined();
    }
    const last = await ended(startFixture("add-layer.ts", root, diffId, "400"));
    expect(last.output).toContain("unpacked");
    expect(engine.layers.find(diffId)).toBeDefined();
  });
});

describe("collectGarbage()", () => {
  it("keeps what images, their parents and this process need", async () => {
    const { open } = makeScratch();
    const engine = open();
    const image = await addSampleImage(engine, { names: ["localhost/a:latest"], layers: ["one", "two"] });
    expect(collect(engine)).toBe(0);
    engine.images.remove(image.id);
    expect(collect(engine)).toBe(0);
    engine.database.run("DELETE FROM leases");
    expect(collect(engine)).toBeGreaterThan(6);
    expect(readdirSync(`${engine.paths.data}/layers`)).toEqual([]);
    expect(engine.blobs.list()).toEqual([]);
  });

  it("keeps layers that two images share and blobs that one still needs", async () => {
    const { open } = makeScratch();
    const engine = open();
    const a = await addSampleImage(engine, { layers: ["one", "two"] });
    const b = await addSampleImage(engine, { layers: ["one", "three"] });
    engine.database.run("DELETE FROM leases");
    engine.images.remove(a.id);
    collect(engine);
    expect(engine.layers.chain(b.topLayer as typeof diffId)).toHaveLength(2);
    expect(readdirSync(`${engine.paths.data}/layers`)).toHaveLength(2);
    expect(engine.blobs.list().sort()).toEqual([b.manifestDigest, b.configDigest].sort());
  });

  it("removes folders that have lost their record", async () => {
    const { open } = makeScratch();
    const engine = open();
    await addSampleImage(engine);
    mkdirSync(`${engine.paths.data}/layers/0123456789abcdef/diff`, { recursive: true });
    mkdirSync(`${engine.paths.data}/containers/${"0".repeat(64)}/diff`, { recursive: true });
    collect(engine);
    expect(readdirSync(`${engine.paths.data}/layers`)).toHaveLength(1);
    expect(readdirSync(`${engine.paths.data}/containers`)).toEqual([]);
  });
});
