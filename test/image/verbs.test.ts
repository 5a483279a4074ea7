import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine.ts";
import { historyOf } from "../../src/image/history.ts";
import { inspectImage } from "../../src/image/inspect.ts";
import { type ImageSortKey, listImages } from "../../src/image/list.ts";
import { collectImageGarbage, removeImage } from "../../src/image/remove.ts";
import { tagImage, untagImage } from "../../src/image/tag.ts";
import { parsePlatform } from "../../src/oci/platform.ts";
import { addSampleImage, makeScratch, sampleConfig } from "../storage/scratch.ts";

async function fleet() {
  const engine = makeScratch().open();
  const old = await addSampleImage(engine, {
    names: ["docker.io/library/alpine:3.1", "localhost/small:latest"],
    layers: ["one"],
    created: "2020-01-01T00:00:00Z",
    labels: { maker: "me" },
  });
  const young = await addSampleImage(engine, {
    names: ["quay.io/big/ship:v2"],
    layers: ["one", "two, which is longer"],
    created: "2022-01-01T00:00:00Z",
    labels: { maker: "you", sails: "2" },
  });
  const nameless = await addSampleImage(engine, { layers: ["three"], created: "2021-01-01T00:00:00Z" });
  return { engine, old, young, nameless };
}

async function show(engine: Engine, filters: Record<string, string[]> = {}, sort: ImageSortKey = "created") {
  const { rows } = await listImages(engine, { filters: new Map(Object.entries(filters)), sort, all: false });
  return rows.map(({ repository = "-", tag = "-" }) => `${repository.split("/").at(-1)}:${tag}`);
}

describe("listImages()", () => {
  it.each([
    ["created", ["ship:v2", "-:-", "alpine:3.1", "small:latest"]],
    ["repository", ["-:-", "alpine:3.1", "small:latest", "ship:v2"]],
    ["tag", ["alpine:3.1", "-:-", "small:latest", "ship:v2"]],
  ] as const)("sorts by %s", async (sort, expected) => {
    const { engine } = await fleet();
    expect(await show(engine, {}, sort)).toEqual(expected);
  });

  it.each([
    [{ dangling: ["true"] }, ["-:-"]],
    [{ dangling: ["false"] }, ["ship:v2", "alpine:3.1", "small:latest"]],
    [{ label: ["maker"] }, ["ship:v2", "alpine:3.1", "small:latest"]],
    [{ label: ["maker=you"] }, ["ship:v2"]],
    [{ label: ["maker", "sails=2"] }, ["ship:v2"]],
    [{ "label!": ["maker"] }, ["-:-"]],
    [{ before: ["ship:v2"] }, []],
    [{ before: ["big/ship:v2"] }, ["-:-", "alpine:3.1", "small:latest"]],
    [{ since: ["small"] }, ["ship:v2", "-:-"]],
    [{ after: ["small"] }, ["ship:v2", "-:-"]],
    [{ until: ["2020-06-01"] }, ["alpine:3.1", "small:latest"]],
    [{ reference: ["alpine"] }, ["alpine:3.1"]],
    [{ reference: ["*al*"] }, ["alpine:3.1", "small:latest"]],
    [{ reference: ["quay.io/*/*"] }, ["ship:v2"]],
    [{ reference: ["ship", "small"] }, ["ship:v2", "small:latest"]],
    [{ "reference!": ["nosuch", "*ship*"] }, ["-:-", "alpine:3.1", "small:latest"]],
    [{ "label!": ["maker=me", "maker=you"] }, ["-:-"]],
    [{ readonly: ["true"] }, []],
    [{ manifest: ["true"] }, []],
    [{ intermediate: ["false"], label: ["sails"] }, ["ship:v2"]],
    [{ containers: ["true"] }, ["ship:v2"]],
  ])("filters by %j", async (filters, expected) => {
    const { engine, young } = await fleet();
    const config = sampleConfig({ imageId: young.id });
    engine.containers.add({ id: "c".repeat(64), name: "web", createdAt: new Date(), config });
    if (expected.length === 0 && "before" in filters) {
      await expect(show(engine, filters)).rejects.toThrow("could not find local image");
    } else {
      expect(await show(engine, filters)).toEqual(expected);
    }
  });

  it("filters by id and digest", async () => {
    const { engine, nameless, young } = await fleet();
    expect(await show(engine, { id: [nameless.id.slice(0, 20)] })).toEqual(["-:-"]);
    expect(await show(engine, { digest: [young.manifestDigest] })).toEqual(["ship:v2"]);
  });

  it("refuses unknown filters and bad values", async () => {
    const { engine } = await fleet();
    await expect(show(engine, { colour: ["red"] })).rejects.toThrow('unsupported image filter "colour"');
    await expect(show(engine, { dangling: ["perhaps"] })).rejects.toThrow(
      'non-boolean value "perhaps" for dangling filter',
    );
    await expect(show(engine, { dangling: ["true", "false"] })).rejects.toThrow(
      'specifying "dangling" filter more than once with different values is not supported',
    );
    await expect(show(engine, { containers: ["some"] })).rejects.toThrow(
      'unsupported value "some" for containers filter',
    );
    await expect(show(engine, { until: ["soon"] })).rejects.toThrow(
      'failed to parse value as time or duration: "soon"',
    );
  });
});

describe("tagImage() and untagImage()", () => {
  it("puts short names below localhost/", async () => {
    const { engine, nameless } = await fleet();
    await tagImage(engine, nameless.id, ["raft", "quay.io/a/raft:1"]);
    expect(engine.images.get(nameless.id).names).toEqual(["localhost/raft:latest", "quay.io/a/raft:1"]);
  });

  it("takes all names away, or those that are given", async () => {
    const { engine, old } = await fleet();
    expect(() => untagImage(engine, "small", ["nosuch"])).toThrow("localhost/nosuch:latest: tag not known");
    untagImage(engine, "small", ["small"]);
    expect(engine.images.get(old.id).names).toEqual(["docker.io/library/alpine:3.1"]);
    untagImage(engine, old.id, []);
    expect(engine.images.get(old.id).names).toEqual([]);
  });

  it.each(["UPPER", "a@sha256:0000000000000000000000000000000000000000000000000000000000000000", ""])(
    "refuses %j as a name",
    async (name) => {
      const { engine } = await fleet();
      await expect(tagImage(engine, "small", [name])).rejects.toMatchObject({ kind: "invalid-argument" });
    },
  );
});

describe("tagImage() with a name of several images", () => {
  it("gives and takes names of all of them", async () => {
    const { engine } = await fleet();
    for (const architecture of ["amd64", "arm64"])
      await addSampleImage(engine, { names: ["localhost/a:1"], layers: [architecture], document: { architecture } });
    const count = (name: string) => engine.images.findAll(name).length;
    await tagImage(engine, "a:1", ["b:1"]);
    expect(count("b:1")).toBe(2);
    await tagImage(engine, engine.images.get("a:1").id, ["b:1"]);
    expect(count("b:1")).toBe(1);
    untagImage(engine, "a:1", []);
    expect([count("a:1"), count("b:1")]).toEqual([0, 0]);
  });
});

describe("removeImage()", () => {
  const keepContainers = { force: false, allNames: false, removeContainer: () => Promise.reject(new Error("unasked")) };

  it("removes one of several names, then the image", async () => {
    const { engine, old } = await fleet();
    expect(await removeImage(engine, "small", keepContainers)).toEqual({
      untagged: ["localhost/small:latest"],
      deleted: [],
    });
    expect(await removeImage(engine, "alpine:3.1", keepContainers)).toEqual({
      untagged: ["docker.io/library/alpine:3.1"],
      deleted: [old.id],
    });
  });

  it("takes a name from the images of all platforms, or of those that are asked for", async () => {
    const { engine } = await fleet();
    const name = "localhost/fleet:1";
    const add = async (architecture: string) =>
      (await addSampleImage(engine, { names: [name], layers: [architecture], document: { architecture } })).id;
    const ids = [await add("amd64"), await add("arm64"), await add("s390x")] as const;
    const platforms = [parsePlatform("linux/arm64")];
    expect(await removeImage(engine, "fleet:1", { ...keepContainers, platforms })).toEqual({
      untagged: [name],
      deleted: [ids[1]],
    });
    await expect(removeImage(engine, "fleet:1", { ...keepContainers, platforms })).rejects.toMatchObject({
      kind: "not-found",
      message: "fleet:1: image not known for linux/arm64",
    });
    await tagImage(engine, ids[0], ["localhost/mine:1"]);
    expect(await removeImage(engine, "fleet:1", keepContainers)).toEqual({ untagged: [name], deleted: [ids[2]] });
    expect(engine.images.get("mine:1").id).toBe(ids[0]);
  });

  it("takes a digest like a name from an image that has one", async () => {
    const { engine, young } = await fleet();
    const repoDigest = `quay.io/big/ship@${young.manifestDigest}`;
    expect(await removeImage(engine, repoDigest, keepContainers)).toEqual({ untagged: [repoDigest], deleted: [] });
    expect(engine.images.get("big/ship:v2").id).toBe(young.id);
  });

  it("refuses an id with several names", async () => {
    const { engine, old } = await fleet();
    await expect(removeImage(engine, old.id, keepContainers)).rejects.toThrow(
      `unable to delete image "${old.id}" by ID with more than one tag ([docker.io/library/alpine:3.1 localhost/small:latest]): please force removal`,
    );
    const { untagged } = await removeImage(engine, old.id, { ...keepContainers, allNames: true });
    expect(untagged).toHaveLength(2);
  });

  it("removes the containers first when it is forced, and only then", async () => {
    const { engine, young } = await fleet();
    const config = sampleConfig({ imageId: young.id });
    engine.containers.add({ id: "c".repeat(64), name: "web", createdAt: new Date(), config });
    await expect(removeImage(engine, "big/ship:v2", keepContainers)).rejects.toMatchObject({
      exitCode: 2,
      message: `image used by ${"c".repeat(64)}: image is in use by a container: consider listing external containers and force-removing image`,
    });
    expect(engine.images.get("big/ship:v2").id).toBe(young.id);
    const removed: string[] = [];
    await removeImage(engine, "big/ship:v2", {
      ...{ force: true, allNames: false },
      removeContainer: async (id) => {
        removed.push(id);
        engine.containers.remove(id);
      },
    });
    expect(removed).toEqual(["c".repeat(64)]);
    expect(engine.images.find(young.id)).toBeUndefined();
  });

  it("frees what nobody else needs", async () => {
    const { engine, young } = await fleet();
    engine.database.run("DELETE FROM leases");
    await removeImage(engine, young.id, keepContainers);
    collectImageGarbage(engine);
    expect(readdirSync(`${engine.paths.data}/layers`)).toHaveLength(2);
    expect(engine.blobs.list()).toHaveLength(4);
  });
});

describe("historyOf()", () => {
  it("shows the steps with the sizes of their layers, newest first", async () => {
    const { engine, young } = await fleet();
    const rows = historyOf(engine, young);
    expect(rows.map(({ createdBy, sizeBytes, id }) => [createdBy, sizeBytes, id])).toEqual([
      ["add two, which is longer", 20, young.id],
      ["add one", 3, undefined],
    ]);
    expect(rows[0]?.tags).toEqual(["quay.io/big/ship:v2"]);
  });
});

describe("inspectImage()", () => {
  it("tells the parent, the health check and former names", async () => {
    const { engine } = await fleet();
    const parent = await addSampleImage(engine, { layers: ["p"], names: ["localhost/p:1"] });
    const config = { Healthcheck: { Test: ["CMD", "true"] } };
    const child = await addSampleImage(engine, { layers: ["p", "c"], names: ["localhost/c:1"], config });
    await tagImage(engine, "c:1", ["c:2"]);
    untagImage(engine, "c:1", ["c:1"]);
    expect(inspectImage(engine, engine.images.get(child.id))).toMatchObject({
      ...{ Parent: parent.id, Healthcheck: config.Healthcheck },
      ...{ RepoTags: ["localhost/c:2"], NamesHistory: ["localhost/c:2", "localhost/c:1"] },
    });
  });

  it("shows podman's fields", async () => {
    const { engine, young } = await fleet();
    expect(inspectImage(engine, young)).toMatchObject({
      Id: young.id,
      Digest: young.manifestDigest,
      RepoTags: ["quay.io/big/ship:v2"],
      RepoDigests: [`quay.io/big/ship@${young.manifestDigest}`],
      Created: "2022-01-01T00:00:00Z",
      Labels: { maker: "you", sails: "2" },
      RootFS: { Type: "layers", Layers: [expect.any(String), expect.any(String)] },
      GraphDriver: { Name: "overlay", Data: { LowerDir: expect.any(String), UpperDir: expect.any(String) } },
      ManifestType: "application/vnd.oci.image.manifest.v1+json",
      Parent: "",
      Comment: "",
      NamesHistory: ["quay.io/big/ship:v2"],
      Descriptor: { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: young.manifestDigest },
    });
  });
});
