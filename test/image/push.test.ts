import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Engine } from "../../src/engine.ts";
import { loadImages } from "../../src/image/load.ts";
import { createList } from "../../src/image/manifest-list/change.ts";
import { pullImage } from "../../src/image/pull.ts";
import { type PushOptions, pushImage } from "../../src/image/push.ts";
import { saveImages } from "../../src/image/save.ts";
import { openEngine } from "../../src/open-engine.ts";
import { type PushedImage, pushImage as pushSample, type RunningRegistry, startRegistry } from "../e2e/registry.ts";
import { startServer } from "../registry/fake-registry.ts";

const retry = { retries: 0, delayMs: 1 };
const options: PushOptions = {
  tlsVerify: false,
  retry,
  format: undefined,
  compression: undefined,
  forceCompression: false,
  level: undefined,
  compress: false,
};
let folder: string;
let registry: RunningRegistry;
let engine: Engine;
let counter = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dhow-push-"));
  registry = await startRegistry({ folder: join(folder, "registry") });
});
afterAll(async () => {
  await registry.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  vi.stubEnv("HOME", join(folder, "home"));
  vi.stubEnv("CONTAINERS_REGISTRIES_CONF", join(folder, "registries.conf"));
  for (const name of ["XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "REGISTRY_AUTH_FILE", "DOCKER_CONFIG"])
    vi.stubEnv(name, "");
  const root = join(folder, `store${counter++}`);
  engine = openEngine({ globals: { root, runroot: `${root}/run`, storageOpts: [], logLevel: "warn" }, warn: () => {} });
});
afterEach(() => {
  engine.database.close();
  vi.unstubAllEnvs();
});

/** Puts an image into the registry, and from there into the store. */
async function pull(
  repository: string,
  more: { compress?: boolean; format?: "oci" | "docker" } = {},
): Promise<PushedImage> {
  const layer = join(folder, `layer${counter++}`);
  mkdirSync(layer);
  writeFileSync(join(layer, "file"), `${repository} ${counter}`);
  const pushed = await pushSample({ host: registry.host, repository, tag: "1" }, { layers: [layer], ...more });
  await pullImage(engine, `${registry.host}/${repository}:1`, { tlsVerify: false, retry });
  return pushed;
}

const temporaryFiles = () => readdirSync(join(engine.paths.data, "tmp"));

describe("pushImage()", () => {
  it("keeps the manifest byte for byte, and compresses what is not compressed", async () => {
    const { manifestDigest } = await pull("keep/x");
    const name = `${registry.host}/keep/x:1`;
    expect((await pushImage(engine, name, `${registry.host}/keep/y:2`, options)).digest).toBe(manifestDigest);
    const plain = await pull("plain/x", { compress: false, format: "docker" });
    const pushed = await pushImage(engine, `${registry.host}/plain/x:1`, undefined, options);
    expect(pushed.digest).not.toBe(plain.manifestDigest);
    const image = await pullImage(engine, `${registry.host}/plain/x:1`, { tlsVerify: false, retry });
    expect(image.configDigest).toBe(plain.configDigest);
    expect(engine.images.manifest(image).layers[0]?.mediaType).toBe(
      "application/vnd.docker.image.rootfs.diff.tar.gzip",
    );
    expect(temporaryFiles()).toEqual([]);
  });

  it("falls back to Docker's manifest where a registry knows no other, unless the format was asked for", async () => {
    await pull("old/x");
    const types: string[] = [];
    await using old = await startServer((request, response) => {
      const type = request.headers["content-type"] ?? "";
      if (request.url?.includes("/manifests/")) types.push(type);
      const isRefused = request.url?.includes("/manifests/") && type.includes("oci");
      response.writeHead(isRefused ? 415 : 200).end(request.url === "/v2/" ? "{}" : "");
    });
    await pushImage(engine, `${registry.host}/old/x:1`, `${old.host}/x:1`, options);
    expect(types).toEqual([
      "application/vnd.oci.image.manifest.v1+json",
      "application/vnd.docker.distribution.manifest.v2+json",
    ]);
    const asked = pushImage(engine, `${registry.host}/old/x:1`, `${old.host}/x:1`, { ...options, format: "oci" });
    await expect(asked).rejects.toMatchObject({ kind: "unsupported" });
  });

  it("keeps layers as the registry has them if the compression is not forced", async () => {
    const { layerDigests } = await pull("force/x");
    const zstd = { ...options, compression: { compression: "zstd" } } as const;
    const layerOf = async (forceCompression: boolean) => {
      await pushImage(engine, `${registry.host}/force/x:1`, `${registry.host}/force/x:2`, {
        ...zstd,
        forceCompression,
      });
      const image = await pullImage(engine, `${registry.host}/force/x:2`, { tlsVerify: false, retry });
      return engine.images.manifest(image).layers[0]?.digest;
    };
    expect(await layerOf(false)).toBe(layerDigests[0]);
    expect(await layerOf(true)).not.toBe(layerDigests[0]);
  });

  it("pushes a manifest list with its images, wherever they are", async () => {
    const here = await pull("lists/here");
    const target = { host: registry.host, repository: "lists/there", tag: "1" };
    const there = await pushSample(target, { layers: [Buffer.alloc(1024)] });
    await createList(
      engine,
      "localhost/list:1",
      [`${registry.host}/lists/here:1`, `docker://${registry.host}/lists/there:1`],
      { all: false, platform: undefined, registry: { tlsVerify: false, retry }, amend: false, annotations: {} },
    );
    const pushed = await pushImage(engine, "localhost/list:1", `${registry.host}/lists/both:1`, options);
    const answer = await fetch(`http://${registry.host}/v2/lists/both/manifests/1`, {
      headers: { accept: "application/vnd.oci.image.index.v1+json" },
    });
    expect(answer.headers.get("docker-content-digest")).toBe(pushed.digest);
    const { manifests } = (await answer.json()) as { manifests: { digest: string }[] };
    expect(manifests.map(({ digest }) => digest)).toEqual([here.manifestDigest, there.manifestDigest]);
    await expect(pushImage(engine, "localhost/list:1", "docker-archive:/nowhere", options)).rejects.toMatchObject({
      kind: "unsupported",
    });
  });
});

describe("saveImages()", () => {
  it("does not leave half an archive, and keeps the old one", async () => {
    await pull("broken/x");
    const name = `${registry.host}/broken/x:1`;
    const image = engine.images.get(name);
    const save = {
      format: "oci-archive",
      output: join(folder, "save.tar"),
      tags: [],
      compress: false,
      uncompressed: false,
    } as const;
    await saveImages(engine, [name], save);
    const before = readFileSync(save.output);
    rmSync(engine.blobs.path(engine.images.manifest(image).layers[0]?.digest as never));
    await expect(saveImages(engine, [name], save)).rejects.toMatchObject({
      kind: "not-found",
      hint: `pull the image again: dhow pull ${name}`,
    });
    expect(readFileSync(save.output).equals(before)).toBe(true);
    expect(readdirSync(folder).filter((each) => each.endsWith(".tmp"))).toEqual([]);
    // Loading brings back what is missing.
    await loadImages(engine, save.output);
    await saveImages(engine, [name], save);
    expect(readFileSync(save.output).equals(before)).toBe(true);
  });
});
