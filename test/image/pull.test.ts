import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request as sendRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Engine } from "../../src/engine.ts";
import { DhowError } from "../../src/errors.ts";
import { ensureImage } from "../../src/image/ensure-image.ts";
import { findLogin, login, logout } from "../../src/image/login.ts";
import { type PullEvent, type PullOptions, pullAllTags, pullImage } from "../../src/image/pull.ts";
import { hostPlatform } from "../../src/oci/platform.ts";
import { openEngine } from "../../src/open-engine.ts";
import { collectGarbage } from "../../src/storage/garbage.ts";
import {
  digestOf,
  type PushedImage,
  pushBlob,
  pushImage,
  pushManifest,
  type RunningRegistry,
  startRegistry,
} from "../e2e/registry.ts";
import { type FakeServer, type Handler, startServer } from "../registry/fake-registry.ts";

const retry = { retries: 1, delayMs: 1 };
const insecure: PullOptions = { tlsVerify: false, retry };
let folder: string;
let registry: RunningRegistry;
let engine: Engine;
let counter = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dhow-pull-"));
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
  engine = newEngine();
});
afterEach(() => {
  engine.database.close();
  vi.unstubAllEnvs();
});

function newEngine(root = join(folder, `store${counter++}`)): Engine {
  return openEngine({ globals: { root, runroot: `${root}/run`, storageOpts: [], logLevel: "warn" }, warn: () => {} });
}

/** A tar archive of these files. */
function layerOf(files: Record<string, string | Uint8Array>): Uint8Array {
  const path = join(folder, `layer${counter++}`);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(path, name, ".."), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return execFileSync("tar", ["-C", path, "--sort=name", "--format=gnu", "-cf", "-", "."], { maxBuffer: 2 ** 27 });
}

function push(
  repository: string,
  layers: readonly Uint8Array[],
  more: Partial<Parameters<typeof pushImage>[1]> & { host?: string } = {},
): Promise<PushedImage> {
  const { host = registry.host, ...content } = more;
  return pushImage({ host, repository, tag: "1" }, { layers, ...content });
}

/** Bytes that do not compress. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = counter++ + 1;
  for (let place = 0; place < length; place++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    bytes[place] = state >> 16;
  }
  return bytes;
}

/** Hands every request on to the registry, unless `meddle` takes care of it. Remembers what was asked for. */
function startFront(meddle: (...parameters: Parameters<Handler>) => boolean = () => false): Promise<FakeServer> {
  return startServer((request, response) => {
    if (meddle(request, response)) return;
    const [hostname, port] = registry.host.split(":");
    const forwarded = sendRequest(
      { hostname, port, path: request.url, method: request.method, headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      },
    );
    request.pipe(forwarded);
  });
}

const blobRequests = (front: FakeServer) =>
  front.requests.filter(({ url }) => url?.includes("/blobs/")).map(({ url }) => url?.split("/").at(-1));
const fileIn = (image: { topLayer: unknown }, name: string, depth = 0) => {
  const layer = engine.layers.chain(image.topLayer as never)[depth];
  return layer && readFileSync(join(engine.layers.diffPath(layer), name), "utf8");
};

async function failureOf(work: Promise<unknown>): Promise<{ kind: string; text: string }> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof DhowError)) throw error;
    const texts: string[] = [];
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) texts.push(cause.message);
    return { kind: error.kind, text: texts.join(": ") };
  }
  throw new Error("nothing was thrown");
}

function stored(name: "layers" | "tmp"): string[] {
  const path = join(engine.paths.data, name);
  return existsSync(path) ? readdirSync(path) : [];
}

/** Nothing but what garbage collection takes away. */
function expectNothingStored(): void {
  expect(engine.images.list()).toEqual([]);
  expect([stored("layers"), stored("tmp")]).toEqual([[], []]);
}

describe("pullImage()", () => {
  it.each([
    ["oci", true],
    ["oci", false],
    ["docker", true],
    ["docker", false],
  ] as const)("pulls a %s image, compressed: %s", async (format, compress) => {
    const pushed = await push(`kinds/${format}${compress}`, [layerOf({ a: "base" }), layerOf({ b: "top" })], {
      format,
      compress,
    });
    const name = `${registry.host}/kinds/${format}${compress}`;
    const image = await pullImage(engine, `${name}:1`, insecure);
    expect(image).toMatchObject({
      id: pushed.configDigest.slice(7),
      manifestDigest: pushed.manifestDigest,
      names: [`${name}:1`],
      repoDigests: [`${name}@${pushed.manifestDigest}`],
    });
    expect([fileIn(image, "b"), fileIn(image, "a", 1)]).toEqual(["top", "base"]);
  });

  it("pulls zstd layers, empty images, and one blob that is two layers, once", async () => {
    const base = await push("zstd/base", [layerOf({ same: "x" })], { compress: false });
    const tar = Buffer.from(
      await (await fetch(`http://${registry.host}/v2/zstd/base/blobs/${base.layerDigests[0]}`)).arrayBuffer(),
    );
    const blob = zstdCompressSync(tar);
    const target = { host: registry.host, repository: "zstd/twice", tag: "1" };
    const config = Buffer.from(
      JSON.stringify({ ...hostPlatform(), rootfs: { type: "layers", diff_ids: [digestOf(tar), digestOf(tar)] } }),
    );
    const layer = {
      mediaType: "application/vnd.oci.image.layer.v1.tar+zstd",
      digest: digestOf(blob),
      size: blob.length,
    };
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const manifest = {
      schemaVersion: 2,
      mediaType,
      config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf(config), size: config.length },
      layers: [layer, layer],
    };
    for (const bytes of [blob, config]) await pushBlob(target, bytes);
    await pushManifest(target, { reference: "1", mediaType, bytes: Buffer.from(JSON.stringify(manifest)) });
    await using front = await startFront();
    const image = await pullImage(engine, `${front.host}/zstd/twice:1`, insecure);
    expect(fileIn(image, "same")).toBe("x");
    expect(blobRequests(front).filter((digest) => digest === digestOf(blob))).toHaveLength(1);

    await push("zstd/empty", []);
    expect((await pullImage(engine, `${registry.host}/zstd/empty:1`, insecure)).topLayer).toBeUndefined();
    expect(stored("tmp")).toEqual([]);
  });

  it("does not download layers that are stored, of whichever image", async () => {
    const base = layerOf({ base: "b" });
    await push("shared/one", [base, layerOf({ one: "1" })]);
    const two = await push("shared/two", [base, layerOf({ two: "2" })]);
    await using front = await startFront();
    await pullImage(engine, `${front.host}/shared/one:1`, insecure);
    const before = blobRequests(front).length;
    const events: PullEvent[] = [];
    await pullImage(engine, `${front.host}/shared/two:1`, { ...insecure, onEvent: (event) => events.push(event) });
    expect(blobRequests(front).slice(before).toSorted()).toEqual([two.configDigest, two.layerDigests[1]].toSorted());
    expect(events.find(({ type }) => type === "layers")).toMatchObject({
      layers: [{ isPresent: true }, { isPresent: false }],
    });
    await pullImage(engine, `${front.host}/shared/two:1`, insecure);
    expect(blobRequests(front)).toHaveLength(before + 2);
  });

  it("pulls by digest, with a tag or without, and gives no name then", async () => {
    const pushed = await push("digests/x", [layerOf({ a: "a" })]);
    const name = `${registry.host}/digests/x`;
    const image = await pullImage(engine, `${name}:ignored@${pushed.manifestDigest}`, insecure);
    expect(image).toMatchObject({ names: [], repoDigests: [`${name}@${pushed.manifestDigest}`] });
    expect(engine.images.find(`${name}@${pushed.manifestDigest}`)?.id).toBe(image.id);
  });

  it("says what is wrong with a name or a tag in podman's words", async () => {
    await push("known/x", [layerOf({ a: "a" })]);
    const name = `${registry.host}/known/x`;
    expect(await failureOf(pullImage(engine, `${name}:2`, insecure))).toEqual({
      kind: "not-found",
      text: `initializing source docker://${name}:2: reading manifest 2 in ${name}: manifest unknown`,
    });
    expect((await failureOf(pullImage(engine, `${registry.host}/nowhere:1`, insecure))).text).toMatch(
      /reading manifest 1 in .*nowhere: (manifest|name|repository)/,
    );
    expect((await failureOf(pullImage(engine, "UPPER", insecure))).kind).toBe("invalid-argument");
    expect((await failureOf(pullImage(engine, `${name}:1`, { retry }))).text).toContain(
      "server gave HTTP response to HTTPS client",
    );
    expectNothingStored();
  });

  it("pulls all tags of a repository", async () => {
    await push("tags/x", [layerOf({ a: "1" })]);
    await pushImage({ host: registry.host, repository: "tags/x", tag: "2" }, { layers: [layerOf({ a: "2" })] });
    const images = await pullAllTags(engine, `${registry.host}/tags/x`, insecure);
    expect(images.flatMap(({ names }) => names).toSorted()).toEqual(
      ["1", "2"].map((tag) => `${registry.host}/tags/x:${tag}`),
    );
    expect((await failureOf(pullAllTags(engine, `${registry.host}/tags/x:1`, insecure))).text).toContain("--all-tags");
  });
});

describe("indexes", () => {
  it("lead to the image of the platform, and are remembered", async () => {
    const other = hostPlatform().architecture === "arm64" ? "amd64" : "arm64";
    const mine = await push("multi/x", [layerOf({ arch: "mine" })], { architecture: hostPlatform().architecture });
    const theirs = await push("multi/x", [layerOf({ arch: "theirs" })], { architecture: other });
    const target = { host: registry.host, repository: "multi/x", tag: "all" };
    const attestation = { architecture: "unknown", os: "unknown" };
    const sizeOf = async (digest: string) =>
      (
        await (
          await fetch(`http://${registry.host}/v2/multi/x/manifests/${digest}`, {
            headers: { accept: "application/vnd.oci.image.manifest.v1+json" },
          })
        ).arrayBuffer()
      ).byteLength;
    const describeManifest = async (digest: string, platform: object) => ({
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest,
      size: await sizeOf(digest),
      platform,
    });
    const mediaType = "application/vnd.oci.image.index.v1+json";
    const index = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType,
        manifests: [
          await describeManifest(mine.manifestDigest, attestation),
          await describeManifest(theirs.manifestDigest, { os: "linux", architecture: other }),
          await describeManifest(mine.manifestDigest, { os: "linux", architecture: hostPlatform().architecture }),
        ],
      }),
    );
    await pushManifest(target, { reference: "all", mediaType, bytes: index });
    const name = `${registry.host}/multi/x`;

    const image = await pullImage(engine, `${name}:all`, insecure);
    expect(fileIn(image, "arch")).toBe("mine");
    expect(image.repoDigests.toSorted()).toEqual(
      [`${name}@${digestOf(index)}`, `${name}@${mine.manifestDigest}`].toSorted(),
    );
    expect(engine.images.find(`${name}@${digestOf(index)}`)?.id).toBe(image.id);

    const foreign = await pullImage(engine, `${name}:all`, {
      ...insecure,
      platform: { os: "linux", architecture: other },
    });
    expect(fileIn(foreign, "arch")).toBe("theirs");
    expect(engine.images.find(`${name}:all`)?.id).toBe(image.id);
    for (const [architecture, { id }] of [
      [other, foreign],
      [hostPlatform().architecture, image],
    ] as const) {
      const chosen = { policy: "missing", platform: { os: "linux", architecture } } as const;
      expect((await ensureImage(engine, `${name}:all`, { retry, ...chosen })).id).toBe(id);
    }

    const none = await failureOf(
      pullImage(engine, `${name}:all`, { ...insecure, platform: { os: "linux", architecture: "s390x" } }),
    );
    expect(none).toMatchObject({
      kind: "not-found",
      text: expect.stringContaining('no image found in image index for architecture "s390x"'),
    });
  });

  it("an artifact is refused before anything is downloaded", async () => {
    const target = { host: registry.host, repository: "artifacts/x", tag: "1" };
    const empty = Buffer.from("{}");
    await pushBlob(target, empty);
    const descriptor = { mediaType: "application/vnd.oci.empty.v1+json", digest: digestOf(empty), size: 2 };
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const manifest = {
      schemaVersion: 2,
      mediaType,
      artifactType: "application/x.test",
      config: descriptor,
      layers: [descriptor],
    };
    await pushManifest(target, { reference: "1", mediaType, bytes: Buffer.from(JSON.stringify(manifest)) });
    expect(await failureOf(pullImage(engine, `${registry.host}/artifacts/x:1`, insecure))).toMatchObject({
      kind: "unsupported",
      text: expect.stringContaining("artifact with type"),
    });
    expectNothingStored();
  });
});

describe("a registry that misbehaves", () => {
  let pushed: PushedImage;
  beforeAll(async () => {
    pushed = await push("bad/x", [layerOf({ small: "s" }), layerOf({ big: noise(2_000_000) })]);
  });
  const isBigLayer = (url: string | undefined) => url?.endsWith(`/blobs/${pushed.layerDigests[1]}`) ?? false;

  it.each<[string, (blob: Buffer) => Buffer]>([
    [
      "a corrupted layer",
      (blob) =>
        Buffer.concat([
          blob.subarray(0, 1_000_000),
          Buffer.from([(blob[1_000_000] ?? 0) ^ 1]),
          blob.subarray(1_000_001),
        ]),
    ],
    ["a truncated layer", (blob) => blob.subarray(0, 1_500_000)],
    ["another layer", () => gzipSync("no archive at all")],
  ])("%s is refused, named, and nothing is stored", async (_, damage) => {
    const blob = Buffer.from(
      await (await fetch(`http://${registry.host}/v2/bad/x/blobs/${pushed.layerDigests[1]}`)).arrayBuffer(),
    );
    await using front = await startFront(
      ({ url }, response) => isBigLayer(url) && response.end(damage(blob)) !== undefined,
    );
    const failure = await failureOf(pullImage(engine, `${front.host}/bad/x:1`, insecure));
    expect(failure.kind).toBe("corrupt");
    expect(failure.text).toContain(pushed.layerDigests[1]);
    expect(engine.images.list()).toEqual([]);
    expect(stored("tmp")).toEqual([]);
    // The layer below was right, and spares the next pull its download.
    expect(stored("layers")).toHaveLength(1);
    expect((await pullImage(engine, `${registry.host}/bad/x:1`, insecure)).id).toBe(pushed.configDigest.slice(7));
  });

  it("a config that does not belong to the layers is refused", async () => {
    const target = { host: registry.host, repository: "bad/config", tag: "1" };
    const config = Buffer.from(
      JSON.stringify({ ...hostPlatform(), rootfs: { type: "layers", diff_ids: [digestOf(Buffer.from("other"))] } }),
    );
    const layer = gzipSync(Buffer.alloc(1024));
    for (const bytes of [config, layer]) await pushBlob(target, bytes);
    const manifestWith = (layers: number) =>
      Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          config: {
            mediaType: "application/vnd.oci.image.config.v1+json",
            digest: digestOf(config),
            size: config.length,
          },
          layers: Array(layers).fill({
            mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
            digest: digestOf(layer),
            size: layer.length,
          }),
        }),
      );
    for (const [layers, text] of [
      [2, "names 1 layers where the manifest has 2"],
      [1, "instead of"],
    ] as const) {
      await pushManifest(target, {
        reference: "1",
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        bytes: manifestWith(layers),
      });
      expect(await failureOf(pullImage(engine, `${registry.host}/bad/config:1`, insecure))).toMatchObject({
        kind: "corrupt",
        text: expect.stringContaining(text),
      });
      expectNothingStored();
    }
  });

  it("a connection that breaks in every download is picked up again", async () => {
    const broken = new Set<string>();
    await using front = await startFront((request, response) => {
      if (!isBigLayer(request.url) || broken.has("once")) return false;
      broken.add("once");
      void fetch(`http://${registry.host}${request.url}`).then(async (answer) => {
        const bytes = Buffer.from(await answer.arrayBuffer());
        response.writeHead(200, { "content-length": bytes.length });
        response.write(bytes.subarray(0, 700_000), () => setTimeout(() => request.socket.destroy(), 50));
      });
      return true;
    });
    const image = await pullImage(engine, `${front.host}/bad/x:1`, insecure);
    expect(image.id).toBe(pushed.configDigest.slice(7));
    const ranges = front.requestsFor(pushed.layerDigests[1] ?? "").map(({ headers }) => headers.range);
    expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
  });

  it("one layer that is missing ends the other downloads", async () => {
    await using front = await startFront(({ url }, response) => {
      if (isBigLayer(url)) {
        response.writeHead(200, { "content-length": 2_000_000 });
        response.write("begun");
        return true;
      }
      if (!url?.endsWith(`/blobs/${pushed.layerDigests[0]}`)) return false;
      setTimeout(() => response.writeHead(404).end(), 50);
      return true;
    });
    const failure = await failureOf(pullImage(engine, `${front.host}/bad/x:1`, insecure));
    expect(failure).toMatchObject({
      kind: "not-found",
      text: expect.stringContaining(`reading blob ${pushed.layerDigests[0]}`),
    });
    expectNothingStored();
  });
});

describe("several processes", () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  function startPull(
    root: string,
    name: string,
  ): { child: ChildProcess; ended: Promise<{ code: number | null; output: string }> } {
    const child = spawn(process.execPath, [join(import.meta.dirname, "pull-once.ts"), root, name], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += chunk));
    return { child, ended: new Promise((resolve) => child.once("close", (code) => resolve({ code, output }))) };
  }

  it("pull the same image at once, downloading it once", async () => {
    const pushed = await push("together/x", [layerOf({ a: noise(500_000) }), layerOf({ b: noise(500_000) })]);
    await using front = await startFront();
    engine.images.list();
    const results = await Promise.all(
      [1, 2, 3, 4].map(() => startPull(engine.paths.data, `${front.host}/together/x:1`).ended),
    );
    expect(results).toEqual(Array(4).fill({ code: 0, output: pushed.configDigest.slice(7) }));
    expect(blobRequests(front).toSorted()).toEqual([pushed.configDigest, ...pushed.layerDigests].toSorted());
    expect(engine.images.list()).toHaveLength(1);
  });

  it("may be killed at any moment: the next pull works and garbage collection leaves nothing over", async () => {
    const pushed = await push("killed/x", [layerOf({ a: noise(300_000) }), layerOf({ b: noise(3_000_000) })]);
    const { promise: isUnderWay, resolve } = Promise.withResolvers<void>();
    await using front = await startFront(({ url }, response) => {
      if (!url?.endsWith(pushed.layerDigests[1] ?? "?")) return false;
      response.writeHead(200, { "content-length": 4_000_000 });
      response.write(noise(1_000_000), () => setTimeout(resolve, 200));
      return true;
    });
    const { child, ended } = startPull(engine.paths.data, `${front.host}/killed/x:1`);
    await isUnderWay;
    child.kill("SIGKILL");
    await ended;
    expect(engine.images.list()).toEqual([]);
    expect((await pullImage(engine, `${registry.host}/killed/x:1`, insecure)).id).toBe(pushed.configDigest.slice(7));
    collectGarbage({
      ...engine,
      dataDirectory: engine.paths.data,
      database: engine.database,
      leases: engine.leases,
      blobs: engine.blobs,
      layers: engine.layers,
    });
    expect(stored("tmp")).toEqual([]);
    expect(stored("layers")).toHaveLength(2);
  });
});

describe("registries.conf", () => {
  const configure = (text: string) => writeFileSync(join(folder, "registries.conf"), text);
  afterEach(() => rmSync(join(folder, "registries.conf"), { force: true }));
  const quiet: PullOptions = { retry };

  it("makes short names, insecure registries and mirrors work", async () => {
    await push("short/x", [layerOf({ a: "a" })]);
    configure(`unqualified-search-registries = ["127.0.0.1:1", "${registry.host}"]
[[registry]]
location = "${registry.host}"
insecure = true
[[registry]]
location = "nowhere.invalid"
[[registry.mirror]]
location = "127.0.0.1:1"
[[registry.mirror]]
location = "${registry.host}/short"
insecure = true
`);
    const events: PullEvent[] = [];
    const image = await pullImage(engine, "short/x:1", { ...quiet, onEvent: (event) => events.push(event) });
    expect(image.names).toEqual([`${registry.host}/short/x:1`]);
    expect(events.slice(0, 3)).toEqual([
      { type: "resolved", text: `Resolving "short/x" using unqualified-search registries (${folder}/registries.conf)` },
      { type: "trying", name: "127.0.0.1:1/short/x:1" },
      { type: "trying", name: `${registry.host}/short/x:1` },
    ]);
    const mirrored = await pullImage(engine, "nowhere.invalid/x:1", quiet);
    expect(mirrored.id).toBe(image.id);
    expect(mirrored.names).toContain("nowhere.invalid/x:1");
  });

  it("tells all that went wrong", async () => {
    configure(
      'unqualified-search-registries = ["127.0.0.1:1", "127.0.0.1:2"]\n[[registry]]\nlocation = "bad.example"\nblocked = true',
    );
    const failure = await failureOf(pullImage(engine, "x", insecure));
    expect(failure.text).toMatch(
      /^2 errors occurred while pulling:\n \* initializing source docker:\/\/127\.0\.0\.1:1\/x:latest: pinging.*connection refused\n \* .*127\.0\.0\.1:2/s,
    );
    expect((await failureOf(pullImage(engine, "bad.example/x", quiet))).text).toContain(
      "registry bad.example is blocked",
    );
  });
});

describe("passwords", () => {
  let locked: RunningRegistry;
  const alice = { username: "alice", password: "right:one" };
  beforeAll(async () => {
    await push("private/x", [layerOf({ a: "secret" })]);
    locked = await startRegistry({
      folder: join(folder, "locked"),
      data: registry.data,
      login: { user: alice.username, password: alice.password },
    });
  });
  afterAll(() => locked.stop());

  it("are asked for, given by --creds, or stored by login and forgotten by logout", async () => {
    const name = `${locked.host}/private/x:1`;
    const anonymous = await failureOf(pullImage(engine, name, insecure));
    expect(anonymous.kind).toBe("permission-denied");
    expect(anonymous.text).toContain("unauthorized: authentication required");
    await pullImage(engine, name, { ...insecure, credentials: alice });

    const target = { key: locked.host, registry: locked.host };
    const settings = { tlsVerify: false, certDir: undefined };
    expect(await failureOf(login(target, { ...alice, password: "wrong" }, settings))).toEqual({
      kind: "permission-denied",
      text: `logging into "${locked.host}": invalid username/password`,
    });
    expect(await findLogin(target, {})).toBeUndefined();
    await login(target, alice, settings);
    await pullImage(engine, name, insecure);
    await logout(target, {});
    expect((await failureOf(pullImage(engine, name, insecure))).kind).toBe("permission-denied");
    expect((await failureOf(logout(target, {}))).text).toBe(`not logged into ${locked.host}`);
  });
});

describe("https", () => {
  let secured: RunningRegistry;
  beforeAll(async () => {
    await push("tls/x", [layerOf({ a: "a" })]);
    secured = await startRegistry({ folder: join(folder, "secured"), data: registry.data, tls: true });
  });
  afterAll(() => secured.stop());

  it("works with an authority in --cert-dir, and not without", async () => {
    const certDir = join(folder, "certs");
    mkdirSync(certDir);
    writeFileSync(join(certDir, "ca.crt"), readFileSync(secured.authority ?? ""));
    const name = `${secured.host}/tls/x:1`;
    expect((await failureOf(pullImage(engine, name, { retry }))).text).toContain(
      "x509: certificate signed by unknown authority",
    );
    expect((await pullImage(engine, name, { retry, certDir })).names).toEqual([name]);
    await pullImage(engine, name, insecure);
  });
});

describe("ensureImage()", () => {
  it("follows the policy", async () => {
    await push("policy/x", [layerOf({ a: "old" })]);
    await using front = await startFront();
    const name = `${front.host}/policy/x:1`;
    const ensure = (policy: "always" | "missing" | "never" | "newer", text = name) =>
      ensureImage(engine, text, { ...insecure, policy });
    const asked = async (work: Promise<unknown>) => {
      const before = front.requests.length;
      await work;
      return front.requests.length > before;
    };

    expect(await failureOf(ensure("never"))).toEqual({ kind: "not-found", text: `${name}: image not known` });
    const old = await ensure("missing");
    expect(await asked(ensure("missing"))).toBe(false);
    expect(await asked(ensure("never"))).toBe(false);
    expect((await ensure("newer")).id).toBe(old.id);
    expect(await asked(ensure("always"))).toBe(true);
    expect(await asked(ensure("missing", old.id.slice(0, 12)))).toBe(false);
    expect((await failureOf(ensure("always", old.id))).text).toContain(
      "pull policy is always but image has been referred to by ID",
    );
    expect((await failureOf(ensure("missing", "f".repeat(64)))).kind).toBe("not-found");

    await push("policy/x", [layerOf({ a: "new" })]);
    expect((await ensure("missing")).id).toBe(old.id);
    const updated = await ensure("newer");
    expect(updated.id).not.toBe(old.id);
    expect(engine.images.get(old.id).names).toEqual([]);
  });

  it("is content with the local image under the policy newer when the registry is gone", async () => {
    await push("gone/x", [layerOf({ a: "a" })]);
    let name: string;
    {
      await using front = await startFront();
      name = `${front.host}/gone/x:1`;
      await pullImage(engine, name, insecure);
    }
    expect((await ensureImage(engine, name, { ...insecure, policy: "newer" })).names).toEqual([name]);
  });

  it("pulls again when another platform is asked for", async () => {
    const pushed = await push("platforms/x", [layerOf({ a: "a" })]);
    const name = `${registry.host}/platforms/x:1`;
    await pullImage(engine, name, insecure);
    const same = await ensureImage(engine, name, {
      tlsVerify: undefined,
      retry,
      policy: "missing",
      platform: hostPlatform(),
    });
    expect(same.id).toBe(pushed.configDigest.slice(7));
    const other = ensureImage(engine, name, {
      retry,
      policy: "missing",
      platform: { os: "linux", architecture: "s390x" },
    });
    expect((await failureOf(other)).text).toContain("HTTP response to HTTPS client");
  });
});
