import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine.ts";
import { addArtifactToList } from "../../src/image/manifest-list/add-artifact.ts";
import {
  addToList,
  annotateEntry,
  annotateIndex,
  createList,
  removeFromList,
} from "../../src/image/manifest-list/change.ts";
import type { FindOptions } from "../../src/image/manifest-list/content.ts";
import { changeEntry, preferredFormat, serializeIndex } from "../../src/image/manifest-list/content.ts";
import { inspectManifest } from "../../src/image/manifest-list/inspect.ts";
import { collectImageGarbage, removeImage } from "../../src/image/remove.ts";
import { tagImage, untagImage } from "../../src/image/tag.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { sha256 } from "../../src/storage/hash.ts";
import { addSampleImage, makeScratch } from "../storage/scratch.ts";

const registry = { retry: { retries: 0, delayMs: 0 } };
const find: FindOptions = { all: false, platform: undefined, registry };
const plain = { ...find, amend: false, annotations: {} };
const ids = (images: readonly { id: string }[]) => images.map(({ id }) => id).sort();

async function ships() {
  const { open, root } = makeScratch();
  const engine = open();
  const add = (architecture: string) =>
    addSampleImage(engine, {
      names: [`localhost/ship:${architecture}`],
      layers: [architecture],
      document: { architecture },
    });
  return { engine, root, amd64: await add("amd64"), arm64: await add("arm64") };
}

async function inspected(engine: Engine, name: string) {
  return (await inspectManifest(engine, name, registry)) as {
    mediaType: string;
    manifests: { digest: string; platform: object; annotations?: object; files?: string[] }[];
    annotations?: object;
    subject?: object;
  };
}

describe("manifest lists", () => {
  it("hold stored images, and stand for that of the platform", async () => {
    const { engine, amd64, arm64 } = await ships();
    const list = await createList(engine, "fleet", ["ship:amd64", "ship:arm64"], plain);
    expect(list.names).toEqual(["localhost/fleet:latest"]);
    const { mediaType, manifests } = await inspected(engine, "fleet");
    expect(mediaType).toBe("application/vnd.oci.image.index.v1+json");
    expect(manifests).toMatchObject([
      { digest: amd64.manifestDigest, platform: { architecture: "amd64", os: "linux" } },
      { digest: arm64.manifestDigest, platform: { architecture: "arm64", os: "linux" } },
    ]);
    for (const image of [amd64, arm64]) {
      expect(engine.images.find("fleet", { os: "linux", architecture: image.architecture })?.id).toBe(image.id);
    }
    expect(ids(engine.images.findAll("fleet"))).toEqual(ids([amd64, arm64]));
    expect(engine.images.find("fleet")?.architecture).toBe(process.arch === "arm64" ? "arm64" : "amd64");
  });

  it("are Docker's while they are empty", async () => {
    const { engine } = await ships();
    await createList(engine, "empty", [], plain);
    expect((await inspected(engine, "empty")).mediaType).toBe(
      "application/vnd.docker.distribution.manifest.list.v2+json",
    );
  });

  it("do not take a name that is in use, unless they amend a list", async () => {
    const { engine, amd64 } = await ships();
    await expect(createList(engine, "ship:amd64", [], plain)).rejects.toMatchObject({
      kind: "already-exists",
      message: `image name "localhost/ship:amd64" is already associated with image "${amd64.id}": that name is already in use`,
    });
    const list = await createList(engine, "fleet", [], plain);
    await expect(createList(engine, "fleet", [], plain)).rejects.toMatchObject({ kind: "already-exists" });
    expect((await createList(engine, "fleet", ["ship:amd64"], { ...plain, amend: true })).id).toBe(list.id);
    expect((await inspected(engine, "fleet")).manifests).toHaveLength(1);
    expect(() => engine.manifestLists.get("ship:amd64")).toThrow("ship:amd64: image is not a manifest list");
    expect(() => engine.manifestLists.get("nosuch")).toThrow("nosuch: image not known");
  });

  it("take one entry of another list, or all", async () => {
    const { engine, amd64, arm64 } = await ships();
    await createList(engine, "fleet", ["ship:amd64", "ship:arm64"], plain);
    await createList(engine, "one", ["fleet"], { ...plain, platform: { os: "linux", architecture: "arm64" } });
    expect((await inspected(engine, "one")).manifests.map(({ digest }) => digest)).toEqual([arm64.manifestDigest]);
    await createList(engine, "copy", ["fleet"], { ...plain, all: true });
    expect((await inspected(engine, "copy")).manifests.map(({ digest }) => digest)).toEqual([
      amd64.manifestDigest,
      arm64.manifestDigest,
    ]);
  });

  it("keep what they need when the image goes", async () => {
    const { engine, amd64 } = await ships();
    await createList(engine, "fleet", ["ship:amd64"], plain);
    engine.images.remove(amd64.id);
    engine.database.run("DELETE FROM leases");
    collectImageGarbage(engine);
    expect(engine.blobs.findSize(amd64.manifestDigest)).toBeGreaterThan(0);
    removeFromList(engine, "fleet", amd64.manifestDigest);
    collectImageGarbage(engine);
    expect(engine.blobs.findSize(amd64.manifestDigest)).toBeUndefined();
  });

  it("are annotated, entry by entry and as a whole", async () => {
    const { engine, amd64, arm64 } = await ships();
    await createList(engine, "fleet", ["ship:amd64"], { ...plain, annotations: { home: "port" } });
    await addToList(engine, "fleet", "ship:arm64", { ...find, change: { variant: "v8", annotations: { sails: "2" } } });
    const target = { list: "fleet", entry: "ship:amd64" };
    await annotateEntry(engine, target, { osVersion: "1", osFeatures: ["a"], annotations: { masts: "3" } }, find);
    await annotateIndex(engine, "fleet", { annotations: { flag: "white" }, subject: "ship:arm64" }, find);
    const shown = await inspected(engine, "fleet");
    expect(shown).toMatchObject({
      annotations: { home: "port", flag: "white" },
      subject: { digest: arm64.manifestDigest },
    });
    expect(shown.manifests).toMatchObject([
      { platform: { "os.version": "1", "os.features": ["a"] }, annotations: { masts: "3" } },
      { digest: arm64.manifestDigest, platform: { variant: "v8" }, annotations: { sails: "2" } },
    ]);
    await annotateEntry(engine, { list: "fleet", entry: amd64.manifestDigest }, { os: "plan9" }, find);
    expect((await inspected(engine, "fleet")).manifests[0]?.platform).toMatchObject({ os: "plan9" });
    const unknown = { list: "fleet", entry: sha256("nothing") };
    await expect(annotateEntry(engine, unknown, { os: "x" }, find)).rejects.toMatchObject({ kind: "not-found" });
  });

  it("hold artifacts made of files", async () => {
    const { engine, root } = await ships();
    writeFileSync(`${root}/chart.txt`, "here be dragons");
    await createList(engine, "fleet", [], plain);
    await addArtifactToList(engine, "fleet", [`${root}/chart.txt`], {
      ...{ artifactType: "application/x-chart", configFile: undefined, configType: undefined, layerType: undefined },
      ...{ excludeTitles: false, subject: "ship:amd64", change: { annotations: { old: "yes" } }, find },
    });
    const [entry] = (await inspected(engine, "fleet")).manifests;
    expect(entry).toMatchObject({
      artifactType: "application/x-chart",
      annotations: { old: "yes" },
      files: ["chart.txt"],
    });
    const manifest = JSON.parse(engine.blobs.read(entry?.digest as Digest).toString());
    expect(manifest).toMatchObject({
      artifactType: "application/x-chart",
      config: { mediaType: "application/vnd.oci.empty.v1+json", size: 2 },
      layers: [{ mediaType: "text/plain; charset=utf-8", digest: sha256("here be dragons"), size: 15 }],
      subject: { digest: engine.images.get("ship:amd64").manifestDigest },
    });
    await annotateEntry(engine, { list: "fleet", entry: "chart.txt" }, { annotations: { old: "no" } }, find);
    expect((await inspected(engine, "fleet")).manifests[0]?.annotations).toEqual({ old: "no" });
  });

  it("are tagged, untagged and removed like images", async () => {
    const { engine, amd64 } = await ships();
    const { id } = await createList(engine, "fleet", ["ship:amd64"], plain);
    await tagImage(engine, "fleet", ["navy:1"]);
    expect(engine.manifestLists.get("navy:1").names).toEqual(["localhost/fleet:latest", "localhost/navy:1"]);
    const options = { force: false, allNames: false, removeContainer: () => Promise.reject(new Error("unasked")) };
    expect(await removeImage(engine, "fleet", options)).toEqual({ untagged: ["localhost/fleet:latest"], deleted: [] });
    expect(() => untagImage(engine, "navy:1", ["fleet"])).toThrow("localhost/fleet:latest: tag not known");
    expect(await removeImage(engine, id.slice(0, 12), options)).toEqual({
      untagged: ["localhost/navy:1"],
      deleted: [id],
    });
    expect(engine.manifestLists.list()).toEqual([]);
    expect(engine.images.get("ship:amd64").id).toBe(amd64.id);
  });

  it("lose their name to an image that gets it", async () => {
    const { engine, amd64 } = await ships();
    const { id } = await createList(engine, "fleet", [], plain);
    await tagImage(engine, "ship:amd64", ["fleet"]);
    expect(engine.manifestLists.get(id).names).toEqual([]);
    expect(engine.images.get("fleet").id).toBe(amd64.id);
  });
});

describe("serializeIndex()", () => {
  const entry = { mediaType: "x", digest: sha256("x"), size: 1, platform: { os: "linux", architecture: "arm" } };
  const content = { index: { schemaVersion: 2, manifests: [entry] } as const, origins: {} };

  it("keeps to what each format can say", () => {
    const { index } = changeEntry(content, entry.digest, { features: ["neon"], annotations: { a: "b" } });
    expect(JSON.parse(serializeIndex(index, "oci").bytes.toString()).manifests).toEqual([
      { ...entry, annotations: { a: "b" } },
    ]);
    expect(JSON.parse(serializeIndex(index, "docker").bytes.toString()).manifests).toEqual([
      { ...entry, platform: { ...entry.platform, features: ["neon"] } },
    ]);
  });

  it("prefers OCI's format unless only Docker's can say it", () => {
    expect(preferredFormat(content.index)).toBe("oci");
    expect(preferredFormat(changeEntry(content, entry.digest, { features: ["neon"] }).index)).toBe("docker");
  });

  it("lets a variant go with its architecture", () => {
    const v7 = changeEntry(content, entry.digest, { variant: "v7" });
    expect(v7.index.manifests[0]?.platform).toMatchObject({ architecture: "arm", variant: "v7" });
    expect(changeEntry(v7, entry.digest, { architecture: "arm64" }).index.manifests[0]?.platform).toEqual({
      architecture: "arm64",
      os: "linux",
    });
  });
});
