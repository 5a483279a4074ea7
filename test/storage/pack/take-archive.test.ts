import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { gunzipSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { takeArchive } from "../../../src/storage/pack/take-archive.ts";
import { openBench } from "./bench.ts";

const archive = Buffer.concat([randomBytes(700_000), Buffer.alloc(3_000_000, "text ")]);
const digest = (content: Buffer) => `sha256:${createHash("sha256").update(content).digest("hex")}`;

/** In pieces of odd sizes, as a pipe gives them. */
function pieces(content: Buffer): AsyncIterable<Buffer> {
  const parts: Buffer[] = [];
  for (let at = 0; at < content.length; at += 70_001) parts.push(content.subarray(at, at + 70_001));
  return Readable.from([
    content.subarray(0, 2),
    ...parts.map((part, index) => (index === 0 ? part.subarray(2) : part)),
  ]);
}

describe("takeArchive()", () => {
  it.each([
    ["gzip", gzipSync(archive)],
    ["zstd", zstdCompressSync(archive)],
  ] as const)("keeps what is compressed with %s as it came", async (compression, blob) => {
    const file = `${openBench().path}/blob`;
    expect(await takeArchive(pieces(blob), file)).toEqual({
      ...{ compression, diffId: digest(archive), blobDigest: digest(blob), blobSize: blob.length },
    });
    expect(readFileSync(file)).toEqual(blob);
  });

  it.each([
    ["nothing", (content: Buffer) => content],
    ["xz", (input: Buffer) => execFileSync("xz", ["-c"], { input, maxBuffer: 64 << 20 })],
    ["bzip2", (input: Buffer) => execFileSync("bzip2", ["-c"], { input, maxBuffer: 64 << 20 })],
  ])("compresses what is compressed with %s", async (_, pack) => {
    const file = `${openBench().path}/blob`;
    const taken = await takeArchive(pieces(pack(archive)), file);
    const blob = readFileSync(file);
    expect(taken).toEqual({
      compression: "gzip",
      diffId: digest(archive),
      blobDigest: digest(blob),
      blobSize: blob.length,
    });
    expect(gunzipSync(blob)).toEqual(archive);
  });

  it("leaves nothing of what breaks off", async () => {
    const file = `${openBench().path}/blob`;
    await expect(takeArchive(pieces(gzipSync(archive).subarray(0, 500_000)), file)).rejects.toMatchObject({
      kind: "corrupt",
    });
    const broken = Readable.from(
      (async function* () {
        yield archive.subarray(0, 100_000);
        throw new Error("the network is down");
      })(),
    );
    await expect(takeArchive(broken, file)).rejects.toThrow("the network is down");
    expect(existsSync(file)).toBe(false);
  });
});
