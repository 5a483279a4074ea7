import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digestOf, type FakeServer, type Handler, sendJson, startServer } from "../registry/fake-registry.ts";
import { archive, entry } from "../storage/unpack/archive.ts";
import { canBe, type TestUser, testUser } from "./harness.ts";

const types = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
};

/** An image by its parts, right in every way until a test changes something. */
function makeImage(tar: Buffer = archive({ name: "file", content: "x".repeat(5000) })) {
  const layer: Buffer = gzipSync(tar);
  const config: Buffer = Buffer.from(
    JSON.stringify({
      os: "linux",
      architecture: process.arch === "arm64" ? "arm64" : "amd64",
      rootfs: { type: "layers", diff_ids: [digestOf(tar)] },
    }),
  );
  const describeAs = (mediaType: string, bytes: Buffer) => ({ mediaType, digest: digestOf(bytes), size: bytes.length });
  const manifest = {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: describeAs(types.config, config),
    layers: [describeAs(types.layer, layer)],
  };
  return { layer, config, manifest };
}
type Image = ReturnType<typeof makeImage>;

/** Answers as a registry that has that one image, whatever it is called. */
function serve({ layer, config, manifest }: Image): Handler {
  const blobs = new Map([layer, config].map((bytes) => [digestOf(bytes) as string, bytes]));
  return ({ url = "" }, response) => {
    const blob = blobs.get(url.split("/").at(-1) ?? "");
    if (url.includes("/manifests/")) sendJson(response, 200, manifest, { "content-type": types.manifest });
    else if (blob) response.end(blob);
    else if (url === "/v2/") response.end("{}");
    else response.writeHead(404).end();
  };
}

const good = makeImage();
const is =
  (part: string, answer: Handler): Handler =>
  (request, response) =>
    request.url?.includes(part) ? answer(request, response) : serve(good)(request, response);
const status = (code: number, body = "", headers: Record<string, string> = {}): Handler =>
  is("/manifests/", (_, response) => response.writeHead(code, headers).end(body));
const never: Handler = () => {};
const drip: Handler = (_, response) => {
  response.writeHead(200, { "content-type": types.manifest });
  const timer = setInterval(() => response.write(" "), 100);
  response.on("close", () => clearInterval(timer));
};
const error = (code: string, message: string) => JSON.stringify({ errors: [{ code, message }] });
const withLayer = (change: Partial<Image["manifest"]["layers"][number]>): Handler =>
  serve({
    ...good,
    manifest: { ...good.manifest, layers: good.manifest.layers.map((layer) => ({ ...layer, ...change })) },
  });
const schema1 = { schemaVersion: 1, name: "x", tag: "1", fsLayers: [], history: [], signatures: [] };

const cases: readonly (readonly [string, Handler, RegExp])[] = [
  ["another digest", withLayer({ digest: digestOf("other") }), /reading blob sha256:\w+ .*404/],
  [
    "bytes of another digest",
    is(digestOf(good.layer), (_, response) => response.end(Buffer.alloc(good.layer.length))),
    /Digest did not match, expected sha256/,
  ],
  ["a larger size", withLayer({ size: good.layer.length + 1 }), /has \d+ bytes where the manifest names \d+/],
  ["a smaller size", withLayer({ size: good.layer.length - 1 }), /has \d+ bytes where the manifest names \d+/],
  ["an absurd size", withLayer({ size: -5 }), /invalid manifest: layers\[0\] has no valid size/],
  ["a layer that is cut off", serve({ ...good, ...cutOff() }), /unexpected end|cannot unpack layer|archive/],
  ["a layer that is no archive", serve(makeImage(Buffer.alloc(4096, "no archive"))), /cannot read layer archive/],
  [
    "a layer that leads out",
    serve(makeImage(archive({ name: "../../escape", content: "x" }))),
    /cannot unpack layer.*escape/,
  ],
  [
    "a config that is no JSON",
    serve({ ...good, ...describedConfig(Buffer.from("<html>")) }),
    /invalid image config: it is not JSON/,
  ],
  [
    "a manifest of 10 MB",
    is("/manifests/", (_, response) => response.end(" ".repeat(10 << 20))),
    /the answer of \S+ is larger than 4194304 bytes/,
  ],
  ["schema 1", is("/manifests/", (_, response) => sendJson(response, 200, schema1)), /schema 1 is no longer supported/],
  ["401", status(401, error("UNAUTHORIZED", "authentication required")), /unauthorized: authentication required/],
  ["403", status(403, error("DENIED", "not yours")), /denied: not yours/],
  ["404", status(404, error("MANIFEST_UNKNOWN", "manifest unknown")), /manifest unknown/],
  ["429", status(429, "", { "retry-after": "0" }), /too many requests to registry/],
  ["500", status(500, "<h1>\u001b[31mOops</h1>"), /StatusCode: 500/],
  [
    "garbage",
    is("/manifests/", (_, response) => response.end("\u0000\u0001garbage")),
    /invalid manifest: it is not JSON/,
  ],
  ["something that is no HTTP", (request) => void request.socket.end("SSH-2.0-OpenSSH_9.2\r\n"), /Get "http:/],
  ["nothing to the first question", never, /the server did not answer in time/],
  ["no manifest, ever", is("/manifests/", never), /the server did not answer in time/],
  ["no end of its manifest", is("/manifests/", drip), /is too slow: less than 1000 bytes in 0\.5 s/],
  ["no layer, ever", is(digestOf(good.layer), never), /the server did not answer in time/],
  ["half a layer, and then nothing", is(digestOf(good.layer), half), /the server stopped sending data/],
  [
    "a redirect in circles",
    is("/manifests/", ({ url }, response) => response.writeHead(302, { location: url }).end()),
    /stopped after 10 redirects/,
  ],
  [
    "a redirect to a file",
    is("/manifests/", (_, response) => response.writeHead(302, { location: "file:///etc/passwd" }).end()),
    /refused to follow the redirect/,
  ],
  ["an endless list of indexes", is("/manifests/", endlessIndex), /nested too deeply/],
];

function cutOff(): Pick<Image, "layer" | "manifest"> {
  const layer = good.layer.subarray(0, good.layer.length - 20);
  const [described] = good.manifest.layers;
  if (described === undefined) throw new TypeError("an image of one layer");
  return {
    layer,
    manifest: { ...good.manifest, layers: [{ ...described, digest: digestOf(layer), size: layer.length }] },
  };
}

function describedConfig(config: Buffer): Pick<Image, "config" | "manifest"> {
  const described = { ...good.manifest.config, digest: digestOf(config), size: config.length };
  return { config, manifest: { ...good.manifest, config: described } };
}

function half(_: unknown, response: Parameters<Handler>[1]): void {
  response.writeHead(200, { "content-length": good.layer.length });
  response.write(good.layer.subarray(0, 10));
}

function endlessIndex({ url = "" }: Parameters<Handler>[0], response: Parameters<Handler>[1]): void {
  // Each names the next; digests are checked, so that a real circle is impossible.
  const chain: Buffer[] = [];
  for (let level = 0, below = digestOf("end"), size = 3; level < 8; level++) {
    const platform = { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" };
    const mediaType = "application/vnd.oci.image.index.v1+json";
    const bytes = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType, manifests: [{ mediaType, digest: below, size, platform }] }),
    );
    chain.push(bytes);
    below = digestOf(bytes);
    size = bytes.length;
  }
  const named = chain.find((bytes) => url.endsWith(digestOf(bytes))) ?? chain.at(-1);
  response.writeHead(200, { "content-type": "application/vnd.oci.image.index.v1+json" }).end(named);
}

describe.skipIf(!canBe("range"))("dhow pull from a registry that gives", () => {
  let user: TestUser;
  let before: string;
  beforeAll(async () => {
    user = testUser("range");
    await user.succeed(["run", "--rm", "--network", "none", "localhost/dhow-busybox", "true"]);
    before = await state();
  });
  afterAll(() => user?.dispose());

  /** The images, and every file that a pull writes. */
  async function state(): Promise<string> {
    const data = join(user.home, ".local/share/dhow");
    const files = ["blobs/sha256", "layers", "tmp"].map((folder) =>
      existsSync(join(data, folder)) ? readdirSync(join(data, folder)).sort().join(" ") : "",
    );
    return [await user.succeed(["images", "--all", "--no-trunc"]), ...files].join("\n");
  }

  const pull = (server: FakeServer, flags: readonly string[], env: Record<string, string> = {}) =>
    user.dhow(["pull", "-q", "--tls-verify=false", "--retry-delay=10ms", ...flags, `${server.host}/x:1`], { env });

  it.each(cases)("%s fails with one sentence, and stores and loses nothing", async (_, handler, text) => {
    await using server = await startServer(handler);
    // Only where silence is the matter: this machine may be slow itself.
    const env = /in time|stopped sending|too slow/.test(text.source) ? { DHOW_REGISTRY_TIMEOUT: "0.5" } : {};
    const { exitCode, stdout, stderr } = await pull(server, ["--retry=1"], env);
    expect({ exitCode, stdout }).toEqual({ exitCode: 125, stdout: "" });
    const [sentence = "", ...hints] = stderr.trimEnd().split("\n");
    expect(sentence).toMatch(/^Error: /);
    expect(sentence).toMatch(text);
    expect(hints.length).toBeLessThanOrEqual(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
    expect(stderr.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f]/);
    expect(await state()).toBe(before);
  });

  it("a gzip bomb ends at the limit that is set, before it fills the disk", async () => {
    const bomb = makeImage(
      Buffer.concat([entry({ name: "zeros", content: Buffer.alloc(64 << 20) }), Buffer.alloc(1024)]),
    );
    expect(bomb.layer.length).toBeLessThan(100_000);
    await using server = await startServer(serve(bomb));
    const limited = await user.dhow([
      "--storage-opt",
      "max_layer_size=32m",
      "pull",
      "-q",
      "--tls-verify=false",
      `${server.host}/x:1`,
    ]);
    expect(limited.exitCode).toBe(125);
    expect(limited.stderr).toMatch(/^Error: .*more than 33554432 bytes/);
    expect(await state()).toBe(before);
    await user.succeed([
      "--storage-opt",
      "max_layer_size=128m",
      "pull",
      "-q",
      "--tls-verify=false",
      `${server.host}/x:1`,
    ]);
    await user.succeed(["rmi", `${server.host}/x:1`]);
    const wrong = await user.dhow([
      "--storage-opt",
      "max_layer_size=big",
      "pull",
      "-q",
      "--tls-verify=false",
      `${server.host}/x:1`,
    ]);
    expect(wrong.stderr).toContain("max_layer_size");
    expect(wrong.exitCode).toBe(125);
  });

  it("429 and a time to come back is asked again after that time", async () => {
    const asked: number[] = [];
    await using server = await startServer(
      is("/manifests/", (request, response) => {
        asked.push(Date.now());
        if (asked.length === 1) response.writeHead(429, { "retry-after": "2" }).end();
        else serve(good)(request, response);
      }),
    );
    expect((await pull(server, [])).exitCode).toBe(0);
    expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(1990);
    await user.succeed(["rmi", `${server.host}/x:1`]);
  });

  it("redirects to another host gets its credentials alone", async () => {
    await using elsewhere = await startServer(serve(good));
    await using server = await startServer((request, response) => {
      if (request.headers.authorization === undefined) response.writeHead(401, { "www-authenticate": "Basic" }).end();
      else if (request.url === "/v2/") response.end("{}");
      else response.writeHead(307, { location: `http://${elsewhere.host}${request.url}` }).end();
    });
    expect((await pull(server, ["--creds", "alice:secret"])).exitCode).toBe(0);
    expect(elsewhere.requests.length).toBeGreaterThan(2);
    expect(
      elsewhere.requests.flatMap(({ headers }) => [headers.authorization, headers.cookie]).filter(Boolean),
    ).toEqual([]);
    await user.succeed(["rmi", `${server.host}/x:1`]);
  });

  it.each(["UPPER", "a//b", "x:", "x:a b", "@sha256:00", "r.example:port/x", "x@sha256:12", "", "a".repeat(300)])(
    "nothing, for the name %j is refused",
    async (name) => {
      const { exitCode, stderr } = await user.dhow(["pull", "-q", name]);
      expect(exitCode).toBe(125);
      expect(stderr.trimEnd().split("\n")).toHaveLength(1);
      expect(stderr).toMatch(
        /^Error: .*(invalid reference format|must be lowercase|at least one component|digest|255 characters)/,
      );
    },
  );
});
