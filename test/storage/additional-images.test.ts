import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { isKind } from "../../src/errors.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { addSampleImage, makeScratch, sampleConfig } from "./scratch.ts";
import { openScratch } from "./scratch-engine.ts";

const alpine = "docker.io/library/alpine:latest";
const other = "docker.io/library/other:latest";

/** A store with one image, and an engine of somebody else who may read it. */
async function makeStores(isClosed = true) {
  const owner = makeScratch();
  const ownerEngine = isClosed ? openScratch(owner.root) : owner.open();
  const image = await addSampleImage(ownerEngine, { names: [alpine], layers: ["a", "b"] });
  if (isClosed) ownerEngine.database.close();
  const user = makeScratch();
  return { owner, ownerEngine, image, user, engine: user.open([owner.root]) };
}

/** Everything in a folder that a write would change. */
function fingerprint(folder: string): unknown {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .toSorted()
    .map((name) => [name, statSync(`${folder}/${name}`).mtimeMs, statSync(`${folder}/${name}`).size]);
}

describe("images of another store", () => {
  it("are found and listed beside the user's own, and marked", async () => {
    const { image, engine, owner } = await makeStores();
    const own = await addSampleImage(engine, { names: [other], created: "2025-01-01T00:00:00Z" });
    expect(engine.images.list().map(({ id, readOnly }) => [id, readOnly])).toEqual([
      [own.id, false],
      [image.id, true],
    ]);
    for (const text of ["alpine", image.id, image.id.slice(0, 12)]) {
      expect(engine.images.get(text)).toEqual({ ...image, readOnly: true });
    }
    expect(engine.images.findName("alpine")).toBe(alpine);
    const found = engine.images.get("alpine");
    expect(engine.images.config(found).rootfs.diff_ids).toHaveLength(2);
    expect(engine.images.manifest(found).config.digest).toBe(image.configDigest);
    const [top, base] = engine.layers.chain(image.topLayer as Digest);
    expect(readFileSync(`${top && engine.layers.diffPath(top)}/file-1`, "utf8")).toBe("b");
    expect(base && engine.layers.diffPath(base)).toBe(`${owner.root}/data/layers/${base?.id}/diff`);
    expect(engine.blobs.findSize(image.manifestDigest)).toBeGreaterThan(0);
    expect(engine.blobs.read(image.configDigest).length).toBeGreaterThan(0);
    expect(() => engine.images.get("nowhere")).toThrow("nowhere: image not known");
  });

  it.each([true, false])("are read without a trace (its owner is away: %s)", async (isClosed) => {
    const { owner, image, engine } = await makeStores(isClosed);
    const before = fingerprint(`${owner.root}/data`);
    expect(engine.images.list()).toHaveLength(1);
    engine.images.config(engine.images.get(image.id));
    engine.layers.chain(image.topLayer as Digest);
    await addSampleImage(engine, { names: [other], layers: ["a", "c"] });
    expect(fingerprint(`${owner.root}/data`)).toEqual(before);
  });

  it("show what their owner adds meanwhile", async () => {
    const { ownerEngine, user, owner } = await makeStores(false);
    await addSampleImage(ownerEngine, { names: [other], layers: ["new"] });
    expect(user.open([owner.root]).images.find("other")).toBeDefined();
  });

  it("cannot be removed or lose a name", async () => {
    const { image, engine } = await makeStores();
    for (const work of [() => engine.images.remove(image.id), () => engine.images.removeName(image.id, alpine)]) {
      expect(work).toThrow(/cannot (remove|untag) read-only image/);
    }
    expect(engine.images.find(alpine)).toBeDefined();
  });

  it("can get names of the user, whose record borrows the layers", async () => {
    const { image, engine, user, owner } = await makeStores();
    engine.images.setName("localhost/mine:1", [image.id]);
    const mine = engine.images.get("mine:1");
    expect(mine).toMatchObject({ id: image.id, names: ["localhost/mine:1"] });
    expect(mine.readOnly).toBe(false);
    expect(existsSync(`${user.root}/data/layers`)).toBe(false);
    expect(engine.layers.find(image.topLayer as Digest)?.store).toBe(`${owner.root}/data`);
    engine.images.remove(image.id);
    expect(engine.images.get("alpine").readOnly).toBe(true);
  });

  it("can have containers", async () => {
    const { image, engine } = await makeStores();
    const record = {
      id: "c".repeat(64),
      name: "c",
      createdAt: new Date(),
      config: sampleConfig({ imageId: image.id }),
    };
    expect(engine.containers.add(record).id).toBe(record.id);
    const unknown = { ...record, id: "d".repeat(64), name: "d", config: sampleConfig({ imageId: "e".repeat(64) }) };
    expect(() => engine.containers.add(unknown)).toThrow(/image not known/);
  });

  it("lend layers to images that are built upon them", async () => {
    const { engine, user } = await makeStores();
    const built = await addSampleImage(engine, { names: [other], layers: ["a", "c"] });
    expect(readdirSync(`${user.root}/data/layers`)).toHaveLength(1);
    expect(engine.layers.chain(built.topLayer as Digest).map(({ store }) => store === undefined)).toEqual([
      true,
      false,
    ]);
  });
});

describe("a store that cannot be used", () => {
  it("is an error where the user has named it", async () => {
    const { user } = await makeStores();
    const nowhere = makeScratch();
    expect(() => user.open([nowhere.root]).images.list()).toThrow(/cannot use the image store .*: there is no/);
    mkdirSync(`${nowhere.root}/data`);
    chmodSync(`${nowhere.root}/data`, 0o700);
    expect(() => user.open([nowhere.root]).images.list()).toThrow(/state\.db that you may read/);
  });

  it("is an error if another version of dhow has written it", async () => {
    const { owner, user } = await makeStores();
    const database = new DatabaseSync(`${owner.root}/data/state.db`);
    database.exec("PRAGMA user_version = 9999");
    database.close();
    const failure = (() => {
      try {
        return user.open([owner.root]).images.list();
      } catch (error) {
        return error;
      }
    })();
    expect(isKind(failure, "conflict")).toBe(true);
    expect((failure as Error).message).toContain("was written by a newer dhow");
  });
});
