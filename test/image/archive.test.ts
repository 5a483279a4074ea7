import { createHash } from "node:crypto";
import { createReadStream, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findImages } from "../../src/image/archive/find-images.ts";
import { unpackArchive } from "../../src/image/archive/unpack-archive.ts";

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

function ociLayout(change: { digest?: string; size?: number } = {}): Entry[] {
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

const read = async (bytes: Buffer) => findImages(await unpackArchive(Readable.from([bytes]), join(folder, "files")));

describe("findImages()", () => {
  it.each([
    ["plain", (bytes: Buffer) => bytes],
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
  ])("reads what docker save wrote (%s), following links between layers", async (_, compress) => {
    const [image] = await read(compress(await archive(dockerSave)));
    expect(image?.names).toEqual(["a:1", "b:2"]);
    expect(image?.blobs.map(({ digest }) => digest)).toEqual(
      [config, "layer bytes", "layer bytes"].map((text) => `sha256:${sha256(text)}`),
    );
  });

  it("reads an OCI layout with the manifest's own bytes and its name", async () => {
    const [image] = await read(await archive(ociLayout()));
    expect(image?.names).toEqual(["quay.io/x/y:1"]);
    expect(Buffer.from(image?.manifest ?? []).toString()).toContain(sha256(config));
  });

  it("copes with a stream that comes a byte at a time", async () => {
    const bytes = gzipSync(await archive(dockerSave));
    const drops = Readable.from([...bytes].map((byte) => Buffer.of(byte)));
    expect(findImages(await unpackArchive(drops, join(folder, "files")))).toHaveLength(1);
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
    expect([...files.values()].every(({ path }) => path.startsWith(join(folder, "files/")))).toBe(true);
  });
});
