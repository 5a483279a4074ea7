import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unpackArchive } from "../../src/image/archive/archive-files.ts";
import { findImages } from "../../src/image/archive/find-images.ts";
import { folderFiles } from "../../src/image/archive/image-files.ts";
import { indexPlainArchive } from "../../src/image/archive/plain-archive.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dhow-archive-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Entry = readonly [name: string, content: string] | readonly [name: string, target: { readonly symlink: string }];

async function archive(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of entries) {
    if (typeof content === "string") tar.entry({ name }, content);
    else tar.entry({ name, type: "symlink", linkname: content.symlink });
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const config = JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] } });
const dockerSave: Entry[] = [
  ["l1/layer.tar", "layer bytes"],
  ["l2/layer.tar", { symlink: "../l1/layer.tar" }],
  ["config.json", config],
  [
    "manifest.json",
    JSON.stringify([{ Config: "config.json", RepoTags: ["a:1", "b:2"], Layers: ["l1/layer.tar", "l2/layer.tar"] }]),
  ],
];

function ociLayout(change: { digest?: string; size?: number; annotations?: Record<string, string> } = {}): Entry[] {
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: {
      mediaType: "application/vnd.oci.image.config.v1+json",
      digest: `sha256:${sha256(config)}`,
      size: config.length,
    },
    layers: [],
  });
  const descriptor = {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest: `sha256:${sha256(manifest)}`,
    size: manifest.length,
    annotations: { "org.opencontainers.image.ref.name": "quay.io/x/y:1" },
    ...change,
  };
  return [
    ["oci-layout", '{"imageLayoutVersion":"1.0.0"}'],
    ["index.json", JSON.stringify({ schemaVersion: 2, manifests: [descriptor] })],
    [`blobs/sha256/${sha256(manifest)}`, manifest],
    [`blobs/sha256/${sha256(config)}`, config],
  ];
}

const read = async (bytes: Buffer) =>
  (await findImages(await unpackArchive(Readable.from([bytes]), join(folder, "files")))).images;

/** The same where they lie. */
async function readInPlace(bytes: Buffer) {
  const path = join(folder, "in-place.tar");
  writeFileSync(path, bytes);
  const files = indexPlainArchive(path);
  return files && (await findImages(files)).images;
}

/** Writes entries into a folder, as tar would. */
function layOut(entries: readonly Entry[]): string {
  const path = join(folder, "laid-out");
  for (const [name, content] of entries) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content as string);
  }
  return path;
}

const pipeThrough = (program: string) => (bytes: Buffer) => execFileSync(program, { input: bytes });

describe("findImages()", () => {
  it.each([
    ["plain", (bytes: Buffer) => bytes],
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
    [
      "zstd in frames",
      (bytes: Buffer) =>
        Buffer.concat([bytes.subarray(0, 700), bytes.subarray(700)].map((part) => zstdCompressSync(part))),
    ],
    ["xz", pipeThrough("xz")],
    ["bzip2", pipeThrough("bzip2")],
  ])("reads what docker save wrote (%s), following links between layers", async (_, compress) => {
    const [image] = await read(compress(await archive(dockerSave)));
    expect(image?.names).toEqual(["docker.io/library/a:1", "docker.io/library/b:2"]);
    const { config: configBlob, layers = [] } = image?.manifest ?? {};
    expect([configBlob, ...layers].map((blob) => blob?.digest)).toEqual(
      [config, "layer bytes", "layer bytes"].map((text) => `sha256:${sha256(text)}`),
    );
  });

  it("reads an OCI layout with the manifest's own bytes and its name", async () => {
    const [image] = await read(await archive(ociLayout()));
    expect(image?.names).toEqual(["quay.io/x/y:1"]);
    expect(Buffer.from(image?.manifestBytes ?? []).toString()).toContain(sha256(config));
  });

  it.each([
    ["short:1", ["localhost/short:1"]],
    ["latest", ["localhost/latest:latest"]],
    ["Not A Name", []],
  ])("reads the name %j of an OCI layout", async (name, names) => {
    const annotations = { "org.opencontainers.image.ref.name": name };
    expect((await read(await archive(ociLayout({ annotations }))))[0]?.names).toEqual(names);
  });

  it("leaves out what build tools put beside the images of a layout", async () => {
    const annotations = { "vnd.docker.reference.type": "attestation-manifest" };
    expect(await read(await archive(ociLayout({ annotations })))).toEqual([]);
  });

  it("reads an OCI layout and a dir: folder where they lie, and checks what it copies", async () => {
    const [image] = (await findImages(folderFiles(layOut(ociLayout())))).images;
    const blob = image?.manifest.config;
    const path = join(folder, "copy");
    if (blob) await image.fetchBlob(blob, { path });
    expect(readFileSync(path, "utf8")).toBe(config);

    const manifest = readFileSync(join(folder, "laid-out/blobs/sha256", image?.manifestDigest.slice(7) ?? ""), "utf8");
    rmSync(join(folder, "laid-out"), { recursive: true });
    const inFolder = layOut([
      ["version", "Directory Transport Version: 1.1\n"],
      ["manifest.json", manifest],
      [sha256(config), config.replace("linux", "LINUX")],
    ]);
    const [damaged] = (await findImages(folderFiles(inFolder))).images;
    expect(damaged?.names).toEqual([]);
    await expect(blob && damaged?.fetchBlob(blob, { path })).rejects.toMatchObject({ kind: "corrupt" });
  });

  it("reads what docker save wrote before Docker 1.10", async () => {
    const [image, ...others] = await read(
      await archive([
        ["repositories", JSON.stringify({ "quay.io/x/y": { 1: "top", 2: "top" } })],
        [
          "top/json",
          JSON.stringify({ id: "top", parent: "base", os: "linux", architecture: "amd64", config: { Cmd: ["sh"] } }),
        ],
        ["top/layer.tar", "top layer"],
        ["base/json", JSON.stringify({ id: "base", container_config: { Cmd: ["add", "it"] } })],
        ["base/layer.tar", "base layer"],
      ]),
    );
    expect(others).toEqual([]);
    expect(image?.names).toEqual(["quay.io/x/y:1", "quay.io/x/y:2"]);
    const path = join(folder, "config");
    if (image) await image.fetchBlob(image.manifest.config, { path });
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({
      config: { Cmd: ["sh"] },
      rootfs: { diff_ids: ["base layer", "top layer"].map((text) => `sha256:${sha256(text)}`) },
      history: [{ created_by: "add it" }, {}],
    });
  });

  it("does not follow a chain of old layers in a circle", async () => {
    const circle: Entry[] = [
      ["repositories", JSON.stringify({ x: { 1: "a" } })],
      ["a/json", JSON.stringify({ id: "a", parent: "a" })],
      ["a/layer.tar", ""],
    ];
    await expect(archive(circle).then(read)).rejects.toMatchObject({ kind: "corrupt" });
  });

  it("copes with a stream that comes a byte at a time", async () => {
    const bytes = gzipSync(await archive(dockerSave));
    const drops = Readable.from([...bytes].map((byte) => Buffer.of(byte)));
    expect((await findImages(await unpackArchive(drops, join(folder, "files")))).images).toHaveLength(1);
  });

  it.each([
    ["a blob that is not what its name says", ociLayout({ size: 7 }), "corrupt"],
    ["a missing blob", ociLayout({ digest: `sha256:${"0".repeat(64)}` }), "corrupt"],
    ["a missing layer", dockerSave.slice(1), "corrupt"],
    ["a malformed manifest", [["manifest.json", "[{}]"]] as Entry[], "corrupt"],
    ["no image at all", [["README", "hello"]] as Entry[], "invalid-argument"],
  ])("refuses %s", async (_, entries, kind) => {
    await expect(archive(entries).then(read)).rejects.toMatchObject({ kind });
  });

  it.each([
    ["a truncated archive", async () => (await archive(dockerSave)).subarray(0, 700)],
    ["truncated gzip", async () => gzipSync(await archive(dockerSave)).subarray(0, 80)],
    ["noise", async () => Buffer.alloc(2048, "noise")],
    ["nothing", async () => Buffer.alloc(0)],
  ])("refuses %s", async (_, make) => {
    await expect(make().then(read)).rejects.toMatchObject({ kind: "corrupt" });
  });
});

describe("indexPlainArchive()", () => {
  it("finds images where they lie, and checks what it copies", async () => {
    const [image] = (await readInPlace(await archive(dockerSave))) ?? [];
    expect(image?.names).toEqual(["docker.io/library/a:1", "docker.io/library/b:2"]);
    const path = join(folder, "copy");
    const [layer] = image?.manifest.layers ?? [];
    if (layer) await image?.fetchBlob(layer, { path });
    expect(readFileSync(path, "utf8")).toBe("layer bytes");
    if (image) await image.fetchBlob(image.manifest.config, { path });
    expect(readFileSync(path, "utf8")).toBe(config);
    const [fromLayout] = (await readInPlace(await archive(ociLayout()))) ?? [];
    if (fromLayout) await fromLayout.fetchBlob(fromLayout.manifest.config, { path });
    expect(readFileSync(path, "utf8")).toBe(config);
  });

  it("believes no config that names other layers than there are", async () => {
    const diffIds = Array(2).fill(`sha256:${sha256("something else")}`);
    const other = JSON.stringify({ ...JSON.parse(config), rootfs: { type: "layers", diff_ids: diffIds } });
    const entries = dockerSave.map((entry): Entry => (entry[0] === "config.json" ? ["config.json", other] : entry));
    const [image] = (await readInPlace(await archive(entries))) ?? [];
    const [layer] = image?.manifest.layers ?? [];
    expect(layer?.digest).toBe(diffIds[0]);
    await expect(layer && image?.fetchBlob(layer, { path: join(folder, "copy") })).rejects.toMatchObject({
      kind: "corrupt",
    });
  });

  it("leaves what is compressed, and what is no archive, to others", async () => {
    expect(await readInPlace(gzipSync(await archive(dockerSave)))).toBeUndefined();
    for (const other of ["", "x", "noise".repeat(300)]) {
      expect(await readInPlace(Buffer.from(other))).toBeUndefined();
    }
  });

  it("refuses a truncated archive", async () => {
    const bytes = await archive(dockerSave);
    await expect(readInPlace(bytes.subarray(0, 700))).rejects.toMatchObject({ kind: "corrupt" });
  });
});

describe("unpackArchive()", () => {
  it("says so when there is nothing to read", async () => {
    await expect(unpackArchive(createReadStream(folder), join(folder, "files"))).rejects.toMatchObject({
      kind: "corrupt",
      cause: { code: "EISDIR" },
    });
  });

  it("writes inside of its folder alone, whatever the names are", async () => {
    const hostile = await archive([
      ["../../outside", "x"],
      ["/etc/passwd", "y"],
      ["link", { symlink: "/etc" }],
      ["link/passwd", "z"],
    ]);
    const files = await unpackArchive(Readable.from([hostile]), join(folder, "files"));
    expect(readdirSync(folder)).toEqual(["files"]);
    for (const name of ["outside", "etc/passwd", "link/passwd"]) {
      expect(files.find(name)?.path).toMatch(new RegExp(`^${join(folder, "files")}/\\d+$`));
    }
  });
});
