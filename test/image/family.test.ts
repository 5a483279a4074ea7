import { describe, expect, it } from "vitest";
import { relateImages } from "../../src/image/family.ts";
import { listImages } from "../../src/image/list.ts";
import { createList } from "../../src/image/manifest-list/change.ts";
import { pruneImages } from "../../src/image/prune.ts";
import { removeImage } from "../../src/image/remove.ts";
import { layersOf, layersOnTopOf } from "../../src/image/tree.ts";
import { addSampleImage, makeScratch, sampleConfig } from "../storage/scratch.ts";

const plain = { force: false, allNames: false, removeContainer: () => Promise.reject(new Error("unasked")) };

/** A base with a name, two nameless steps on it, and what they led to. */
async function build() {
  const engine = makeScratch().open();
  const base = await addSampleImage(engine, { layers: ["a"], names: ["localhost/base:1"] });
  const first = await addSampleImage(engine, { layers: ["a", "b"] });
  const second = await addSampleImage(engine, { layers: ["a", "b", "c"] });
  const result = await addSampleImage(engine, { layers: ["a", "b", "c", "d"], names: ["localhost/app:1"] });
  const list = async (filters: Record<string, string[]> = {}, all = false) => {
    const options = { filters: new Map(Object.entries(filters)), sort: "created", all } as const;
    return (await listImages(engine, options)).rows.map(({ image }) => image.id).sort();
  };
  const ids = (...images: { id: string }[]) => images.map(({ id }) => id).sort();
  return { engine, base, first, second, result, list, ids };
}

describe("relateImages()", () => {
  it("finds parents and children by layers and history", async () => {
    const { engine, base, first, second, result } = await build();
    const unrelated = await addSampleImage(engine, { layers: ["a", "x"], created: "2020-01-01T00:00:00Z" });
    const family = relateImages(engine, engine.images.list());
    expect([base, first, second, result, unrelated].map((image) => family.parentOf(image)?.id)).toEqual([
      ...[undefined, base.id, first.id, second.id, undefined],
    ]);
    expect(family.childrenOf(base).map(({ id }) => id)).toEqual([first.id]);
    expect(family.childrenOf(result)).toEqual([]);
  });

  it("sees steps without a layer", async () => {
    const engine = makeScratch().open();
    const history = [{ created: "2024-01-01T00:00:00Z", created_by: "add a" }];
    const step = { created: "2024-01-02T00:00:00Z", created_by: "CMD", empty_layer: true };
    const parent = await addSampleImage(engine, { layers: ["a"], document: { history } });
    const child = await addSampleImage(engine, { layers: ["a"], document: { history: [...history, step] } });
    const family = relateImages(engine, engine.images.list());
    expect(family.parentOf(child)?.id).toBe(parent.id);
    expect(family.childrenOf(parent).map(({ id }) => id)).toEqual([child.id]);
  });
});

describe("steps of an image", () => {
  it("are hidden, unless everything is asked for", async () => {
    const { base, first, second, result, list, ids } = await build();
    expect(await list()).toEqual(ids(base, result));
    expect(await list({}, true)).toEqual(ids(base, first, second, result));
    expect(await list({ intermediate: ["true"] })).toEqual(ids(first, second));
    expect(await list({ dangling: ["true"] }, true)).toEqual([]);
    expect(await list({ "dangling!": ["true"], "reference!": ["*app*"] })).toEqual(ids(base));
  });

  it("go with the image", async () => {
    const { engine, base, first, second, result } = await build();
    const { untagged, deleted } = await removeImage(engine, "app:1", plain);
    expect(untagged).toEqual(["localhost/app:1"]);
    expect(deleted).toEqual([result.id, second.id, first.id]);
    expect(engine.images.list().map(({ id }) => id)).toEqual([base.id]);
  });

  it("stay when --no-prune says so, when another image was made of them, or when they are in use", async () => {
    const kept = await build();
    expect((await removeImage(kept.engine, "app:1", { ...plain, keepParents: true })).deleted).toEqual([
      kept.result.id,
    ]);
    const shared = await build();
    await addSampleImage(shared.engine, { layers: ["a", "b", "e"], names: ["localhost/other:1"] });
    expect((await removeImage(shared.engine, "app:1", plain)).deleted).toEqual([shared.result.id, shared.second.id]);
    const used = await build();
    const config = sampleConfig({ imageId: used.second.id });
    used.engine.containers.add({ id: "c".repeat(64), name: "web", createdAt: new Date(), config });
    expect((await removeImage(used.engine, "app:1", plain)).deleted).toEqual([used.result.id]);
  });

  it("are not told as deleted while they live on in another image", async () => {
    const { engine, base } = await build();
    expect(await removeImage(engine, "base:1", plain)).toEqual({ untagged: ["localhost/base:1"], deleted: [] });
    expect(engine.images.find(base.id)).toBeUndefined();
  });
});

describe("pruneImages()", () => {
  const noFilters = new Map();

  it("removes what nobody can name, and with --all what no container uses", async () => {
    const { engine, base, first, second, result, list, ids } = await build();
    const lost = await addSampleImage(engine, { layers: ["lost"] });
    engine.database.run("DELETE FROM leases");
    const pruned = await pruneImages(engine, { all: false, filters: noFilters });
    expect(pruned.ids).toEqual([lost.id]);
    expect(pruned.freedBytes).toBeGreaterThan("lost".length);
    const config = sampleConfig({ imageId: base.id });
    engine.containers.add({ id: "c".repeat(64), name: "web", createdAt: new Date(), config });
    const rest = await pruneImages(engine, { all: true, filters: noFilters });
    expect(rest.ids.toSorted()).toEqual(ids(first, second, result));
    expect(await list({}, true)).toEqual([base.id]);
  });

  it("goes on when removing an image leaves its parent without children", async () => {
    const { engine, first, second, result } = await build();
    engine.images.removeName(result.id, "localhost/app:1");
    const { ids } = await pruneImages(engine, { all: false, filters: noFilters });
    expect(ids).toEqual([result.id, second.id, first.id]);
  });

  it("leaves what the filters leave out, and what a manifest list holds", async () => {
    const engine = makeScratch().open();
    const red = await addSampleImage(engine, { layers: ["r"], labels: { colour: "red" } });
    const held = await addSampleImage(engine, { layers: ["h"] });
    const registry = { retry: { retries: 0, delayMs: 0 } };
    const options = { all: false, platform: undefined, registry, amend: false, annotations: {} };
    const list = await createList(engine, "fleet", [held.id], options);
    const filters = new Map([["label!", ["colour=red"]]]);
    expect((await pruneImages(engine, { all: false, filters })).ids).toEqual([]);
    expect((await pruneImages(engine, { all: false, filters: noFilters })).ids).toEqual([red.id]);
    expect((await pruneImages(engine, { all: true, filters: noFilters })).ids.toSorted()).toEqual(
      [held.id, list.id].toSorted(),
    );
  });
});

describe("the tree of an image", () => {
  it("shows its layers, or what is built on it", async () => {
    const { engine, base, result } = await build();
    await addSampleImage(engine, { layers: ["a", "x"], names: ["localhost/x:1"] });
    expect(layersOf(engine, result).map(({ topOf }) => topOf)).toEqual([
      ["localhost/base:1"],
      [],
      [],
      ["localhost/app:1"],
    ]);
    const top = layersOnTopOf(engine, base);
    expect(top?.topOf).toEqual(["localhost/base:1"]);
    expect(top?.children.map(({ topOf, children }) => [topOf, children.length]).sort()).toEqual([
      [[], 1],
      [["localhost/x:1"], 0],
    ]);
  });
});
