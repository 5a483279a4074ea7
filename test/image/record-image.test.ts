import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine.ts";
import {
  type ImageDraft,
  type ImageLayer,
  layersOf,
  parseImageFormat,
  recordImage,
} from "../../src/image/record-image.ts";
import { sha256 } from "../../src/storage/hash.ts";
import { makeScratch } from "../storage/scratch.ts";
import { archive } from "../storage/unpack/archive.ts";

function storeLayer(engine: Engine, name: string): ImageLayer {
  const tar = archive({ name, content: name });
  const blob = gzipSync(tar);
  const digest = engine.blobs.put(blob);
  return { diffId: sha256(tar), digest, size: blob.length, compression: "gzip", annotations: { of: name } };
}

function draft(layers: readonly ImageLayer[], part: Partial<ImageDraft> = {}): ImageDraft {
  const created = "2024-01-02T03:04:05Z";
  const config = {
    ...{ created, architecture: "amd64", os: "linux", config: { Cmd: ["sh"], Labels: { a: "b" } } },
    history: [{ created, created_by: "make" }],
  };
  return { format: "oci", config, layers, names: ["localhost/made:latest"], annotations: { by: "test" }, ...part };
}

describe("recordImage()", () => {
  it("makes an image whose layers are unpacked, and equal images of equal parts", async () => {
    const engine = makeScratch().open();
    const layers = [storeLayer(engine, "base"), storeLayer(engine, "top")];
    const image = await recordImage(engine, draft(layers));
    expect(image).toMatchObject({
      names: ["localhost/made:latest"],
      os: "linux",
      labels: { a: "b" },
      sizeBytes: expect.any(Number),
    });
    expect(engine.layers.chain(image.topLayer as never)).toHaveLength(2);
    expect(layersOf(engine, image)).toEqual(layers);
    expect((await recordImage(engine, draft(layers))).id).toBe(image.id);
  });

  it("writes the words of OCI", async () => {
    const engine = makeScratch().open();
    const image = await recordImage(engine, draft([storeLayer(engine, "base")]));
    expect(JSON.parse(engine.blobs.read(image.manifestDigest).toString())).toMatchObject({
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: image.configDigest },
      layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", annotations: { of: "base" } }],
      annotations: { by: "test" },
    });
    const config = engine.blobs.read(image.configDigest).toString();
    expect(JSON.parse(config)).toMatchObject({ rootfs: { type: "layers" }, history: [{ created_by: "make" }] });
  });

  it("writes the words of Docker, which has no annotations", async () => {
    const engine = makeScratch().open();
    const image = await recordImage(engine, draft([storeLayer(engine, "base")], { format: "docker" }));
    const manifest = JSON.parse(engine.blobs.read(image.manifestDigest).toString());
    expect(manifest).toMatchObject({
      mediaType: "application/vnd.docker.distribution.manifest.v2+json",
      config: { mediaType: "application/vnd.docker.container.image.v1+json" },
      layers: [{ mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip" }],
    });
    expect(manifest).not.toHaveProperty("annotations");
    expect(manifest.layers[0]).not.toHaveProperty("annotations");
  });

  it("records nothing whose layer is not what it says", async () => {
    const engine = makeScratch().open();
    const layer = { ...storeLayer(engine, "base"), diffId: sha256("other") };
    await expect(recordImage(engine, draft([layer]))).rejects.toMatchObject({ kind: "corrupt" });
    expect(engine.images.list()).toEqual([]);
  });
});

it("parseImageFormat() knows two formats", () => {
  expect(parseImageFormat("docker")).toBe("docker");
  expect(() => parseImageFormat("v2s1")).toThrow('unrecognized image format "v2s1"');
});
