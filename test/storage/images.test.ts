import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine.ts";
import { isKind } from "../../src/errors.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { openBlobs } from "../../src/storage/blobs.ts";
import { openDatabase } from "../../src/storage/database.ts";
import { sha256 } from "../../src/storage/hash.ts";
import { imagesSchema, openImages } from "../../src/storage/images.ts";
import { openLeases } from "../../src/storage/leases.ts";
import { manifestListsSchema } from "../../src/storage/manifest-lists.ts";
import { addSampleImage, makeScratch, sampleConfig } from "./scratch.ts";

const alpine = "docker.io/library/alpine:latest";

async function withImages(...names: string[][]): Promise<{ engine: Engine; ids: string[] }> {
  const engine = makeScratch().open();
  const ids: string[] = [];
  for (const [position, own] of names.entries()) {
    ids.push((await addSampleImage(engine, { names: own, layers: [`image ${position}`] })).id);
  }
  return { engine, ids };
}

function kindOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    return ["not-found", "conflict", "corrupt"].find((kind) => isKind(error, kind as "not-found"));
  }
  return undefined;
}

describe("images.find()", () => {
  it.each([
    ["alpine", alpine],
    ["alpine:latest", alpine],
    ["docker.io/alpine", alpine],
    ["library/alpine", alpine],
    ["index.docker.io/library/alpine:latest", alpine],
    ["grafana/grafana", "docker.io/grafana/grafana:latest"],
    ["built", "localhost/built:latest"],
    ["quay.io/podman/hello:v1", "quay.io/podman/hello:v1"],
    ["podman/hello:v1", "quay.io/podman/hello:v1"],
    ["host:5000/a/b", "host:5000/a/b:latest"],
    ["a/b", "host:5000/a/b:latest"],
  ])("takes %s for %s", async (text, name) => {
    const { engine, ids } = await withImages([name]);
    expect(engine.images.find(text)?.id).toBe(ids[0]);
    expect(engine.images.findName(text)).toBe(name);
  });

  it.each(["alpine:3", "hello:v1", "nosuch", "", "UPPER", "quay.io/alpine", "a b", "@", ":"])(
    "does not find %j",
    async (text) => {
      const { engine } = await withImages([alpine, "quay.io/podman/hello:v1"]);
      expect(engine.images.find(text)).toBeUndefined();
    },
  );

  it("prefers localhost/, then docker.io", async () => {
    const { engine, ids } = await withImages(
      ["quay.io/x/y:latest"],
      ["docker.io/x/y:latest"],
      ["localhost/x/y:latest"],
    );
    expect(engine.images.find("x/y")?.id).toBe(ids[2]);
    engine.images.removeName(ids[2] as string, "localhost/x/y:latest");
    expect(engine.images.find("x/y")?.id).toBe(ids[1]);
    engine.images.removeName(ids[1] as string, "docker.io/x/y:latest");
    expect(engine.images.find("x/y")?.id).toBe(ids[0]);
  });

  it("finds ids, their prefixes and sha256:ID", async () => {
    const { engine, ids } = await withImages([alpine]);
    const [id] = ids as [string];
    for (const text of [id, id.slice(0, 12), id.slice(0, 1), `sha256:${id}`]) {
      expect(engine.images.find(text)?.id).toBe(id);
    }
  });

  it("refuses a prefix that fits several ids", async () => {
    const { engine } = await withImages(...Array.from({ length: 17 }, () => []));
    const firsts = engine.images.list().map(({ id }) => id[0] as string);
    const shared = firsts.find((digit, at) => firsts.indexOf(digit) !== at) as string;
    expect(kindOf(() => engine.images.find(shared))).toBe("conflict");
  });

  it("finds images by the digest of their manifest and of their index", async () => {
    const engine = makeScratch().open();
    const index = sha256("an index");
    const image = await addSampleImage(engine, { names: [alpine], repoDigests: [`docker.io/library/alpine@${index}`] });
    for (const digest of [image.manifestDigest, index]) {
      for (const name of ["alpine", "docker.io/library/alpine", "alpine:latest"]) {
        expect(engine.images.find(`${name}@${digest}`)?.id).toBe(image.id);
      }
      expect(engine.images.find(`busybox@${digest}`)).toBeUndefined();
    }
    expect(engine.images.find(`alpine@${sha256("another")}`)).toBeUndefined();
    expect(image.repoDigests).toEqual(
      [image.manifestDigest, index].map((digest) => `docker.io/library/alpine@${digest}`).sort(),
    );
  });
});

describe("a name of several images", () => {
  const [host, other] = process.arch === "arm64" ? ["arm64", "amd64"] : ["amd64", "arm64"];
  const platform = (architecture: string, variant?: string) => ({
    os: "linux",
    architecture,
    ...(variant === undefined ? {} : { variant }),
  });
  async function addFor(engine: Engine, architecture: string, config: Record<string, unknown> = {}) {
    return (
      await addSampleImage(engine, { names: [alpine], layers: [architecture], document: { architecture, ...config } })
    ).id;
  }

  it("stays with the image of another platform when one is added", async () => {
    const engine = makeScratch().open();
    const first = await addFor(engine, host);
    const second = await addFor(engine, other);
    expect(engine.images.find("alpine")?.id).toBe(first);
    expect(engine.images.find("alpine", platform(other))?.id).toBe(second);
    expect(engine.images.find("alpine", platform("s390x"))).toBeUndefined();
    expect(engine.images.findAll("alpine").map(({ id }) => id)).toEqual([second, first]);
    const newer = await addFor(engine, host, { created: "2025-01-01T00:00:00Z" });
    expect(engine.images.find("alpine")?.id).toBe(newer);
    expect(engine.images.get(first).names).toEqual([]);
    expect(engine.images.get(second).names).toEqual([alpine]);
  });

  it("means the newest image where none is for this machine", async () => {
    const engine = makeScratch().open();
    const ids = [await addFor(engine, "s390x"), await addFor(engine, "riscv64")];
    expect(engine.images.find("alpine")?.id).toBe(ids[1]);
  });

  it("tells variants apart", async () => {
    const engine = makeScratch().open();
    const usual = await addFor(engine, "arm");
    const v6 = await addFor(engine, "arm", { variant: "v6" });
    expect(engine.images.find("alpine", platform("arm", "v6"))?.id).toBe(v6);
    expect(engine.images.find("alpine", platform("arm"))?.id).toBe(usual);
    const v7 = await addFor(engine, "arm", { variant: "v7" });
    expect(engine.images.findAll("alpine").map(({ id }) => id)).toEqual([v7, v6]);
  });

  it("moves as a whole when it is set", async () => {
    const engine = makeScratch().open();
    const ids = [await addFor(engine, other), await addFor(engine, host)];
    engine.images.setName(
      "localhost/copy:1",
      engine.images.findAll("alpine").map(({ id }) => id),
    );
    expect(engine.images.findAll("copy:1").map(({ id }) => id)).toEqual(ids.toReversed());
    engine.images.setName(alpine, [ids[0] as string]);
    expect(engine.images.findAll("alpine").map(({ id }) => id)).toEqual([ids[0]]);
    expect(() => engine.images.setName(alpine, ["0".repeat(64)])).toThrow("image not known");
    expect(engine.images.findAll("alpine").map(({ id }) => id)).toEqual([ids[0]]);
  });

  it("is shared by the digest of the index", async () => {
    const engine = makeScratch().open();
    const repoDigests = [`docker.io/library/alpine@${sha256("an index")}`];
    const add = async (architecture: string) =>
      (
        await addSampleImage(engine, {
          names: [alpine],
          repoDigests,
          layers: [architecture],
          document: { architecture },
        })
      ).id;
    const [own, foreign] = [await add(host), await add(other)];
    expect(engine.images.find(`alpine@${sha256("an index")}`)?.id).toBe(own);
    expect(engine.images.find(`alpine@${sha256("an index")}`, platform(other))?.id).toBe(foreign);
  });
});

describe("images", () => {
  it("moves a name to the image that gets it", async () => {
    const { engine, ids } = await withImages([alpine], [alpine]);
    expect(engine.images.get(ids[0] as string).names).toEqual([]);
    expect(engine.images.get("alpine").id).toBe(ids[1]);
    engine.images.setName(alpine, [ids[0] as string]);
    expect(engine.images.get("alpine").id).toBe(ids[0]);
    expect(engine.images.get(ids[1] as string)).toMatchObject({ names: [], repoDigests: [] });
  });

  it("keeps the digests of a repository as long as it has a name there", async () => {
    const engine = makeScratch().open();
    const repoDigests = [`docker.io/library/alpine@${sha256("an index")}`];
    const { id } = await addSampleImage(engine, { names: [alpine, "docker.io/library/alpine:3"], repoDigests });
    engine.images.removeName(id, alpine);
    expect(engine.images.get(id).repoDigests).toContain(repoDigests[0]);
    engine.images.removeName(id, "docker.io/library/alpine:3");
    expect(engine.images.get(id).repoDigests).toEqual([]);
  });

  it("adds names and digests when the same image comes again", async () => {
    const engine = makeScratch().open();
    const first = await addSampleImage(engine, { names: [alpine] });
    const again = await addSampleImage(engine, { names: ["localhost/mine:1"], labels: {} });
    expect(again.id).toBe(first.id);
    expect(again.names).toEqual([alpine, "localhost/mine:1"]);
    expect(engine.images.list()).toHaveLength(1);
  });

  it("refuses an image whose layers or blobs are missing", async () => {
    const engine = makeScratch().open();
    const { manifestDigest, id } = await addSampleImage(engine, {});
    const again = { manifestDigest, names: [], repoDigests: [] };
    engine.images.remove(id);
    engine.database.run("DELETE FROM layers");
    expect(kindOf(() => engine.images.add(again))).toBe("not-found");
    expect(kindOf(() => engine.images.add({ ...again, manifestDigest: sha256("nothing") as Digest }))).toBe(
      "not-found",
    );
    expect(engine.images.list()).toEqual([]);
  });

  it("keeps the names that an older version gave", async () => {
    const { root } = makeScratch();
    const old = openDatabase(`${root}/state.db`, [{ ...imagesSchema, changes: [] }]);
    old.run(
      `INSERT INTO images VALUES ('${"a".repeat(64)}', 'sha256:m', NULL, 0, 0, 'linux', 'amd64', NULL, '{}', '{}', '{}')`,
    );
    old.run(`INSERT INTO image_names (name, image_id) VALUES ('${alpine}', '${"a".repeat(64)}')`);
    old.run("PRAGMA user_version = 1");
    old.close();
    const database = openDatabase(`${root}/state.db`, [imagesSchema, manifestListsSchema]);
    const images = openImages({
      database,
      blobs: openBlobs(root, openLeases(database)),
      layers: () => ({ find: () => undefined }),
    });
    expect(images.get("alpine").names).toEqual([alpine]);
    database.close();
  });

  it("notices a manifest that has changed on disk", async () => {
    const engine = makeScratch().open();
    const { manifestDigest } = await addSampleImage(engine, {});
    writeFileSync(engine.blobs.path(manifestDigest), "{}");
    expect(kindOf(() => engine.images.add({ manifestDigest, names: [], repoDigests: [] }))).toBe("corrupt");
  });

  it("keeps the config and the manifest as they were", async () => {
    const { engine, ids } = await withImages([alpine]);
    const image = engine.images.get(ids[0] as string);
    expect(engine.images.config(image).rootfs.diff_ids).toEqual([sha256("layer image 0")]);
    expect(engine.images.manifest(image).config.digest).toBe(image.configDigest);
    expect(image).toMatchObject({ os: "linux", architecture: "amd64", createdAt: new Date("2024-01-01T00:00:00Z") });
    expect(image.sizeBytes).toBeGreaterThan("image 0".length);
  });

  it.each(["is made of it", "mounts it"])("is not removed while a container %s", async (use) => {
    const { engine, ids } = await withImages([alpine]);
    const [id] = ids as [string];
    const mount = { type: "image", source: "alpine", destination: "/i", options: [], imageId: id } as const;
    const config = use === "mounts it" ? sampleConfig({ imageId: "", mounts: [mount] }) : sampleConfig({ imageId: id });
    const container = { id: "c".repeat(64), name: "web", createdAt: new Date(), config };
    engine.containers.add(container);
    expect(kindOf(() => engine.images.remove(id))).toBe("conflict");
    expect(engine.containers.countByImage().get(id)).toBe(1);
    engine.containers.remove(container.id);
    engine.images.remove(id);
    engine.images.remove(id);
    expect(engine.images.list()).toEqual([]);
    expect(engine.images.find(alpine)).toBeUndefined();
  });
});
