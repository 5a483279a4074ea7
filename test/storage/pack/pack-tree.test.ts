import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createServer } from "node:net";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Compression } from "../../../src/oci/media-types.ts";
import { libc } from "../../../src/system/libc.ts";
import { describeTree, itAsRoot } from "../unpack/sandbox.ts";
import { inventory, openBench, xattr } from "./bench.ts";

/** Everything that an unprivileged user can make. */
function growTree(root: string): void {
  mkdirSync(`${root}/etc/sub`, { recursive: true, mode: 0o750 });
  writeFileSync(`${root}/etc/passwd`, "root:x:0:0\n", { mode: 0o640 });
  linkSync(`${root}/etc/passwd`, `${root}/etc/sub/hard`);
  symlinkSync("../../etc/passwd", `${root}/etc/link`);
  symlinkSync("t".repeat(150), `${root}/longtarget`);
  writeFileSync(`${root}/empty`, "");
  writeFileSync(`${root}/setuid`, "#!", { mode: 0o755 });
  chmodSync(`${root}/setuid`, 0o4755);
  writeFileSync(Buffer.from(`${root}/raw-\xff\xfe`, "latin1"), "not UTF-8");
  writeFileSync(`${root}/ünïcode and space\nand line`, "x");
  const deep = `${root}/${"d".repeat(90)}/${"e".repeat(90)}/${"f".repeat(200)}`;
  mkdirSync(deep, { recursive: true });
  writeFileSync(`${deep}/${"g".repeat(120)}`, "long");
  linkSync(`${deep}/${"g".repeat(120)}`, `${root}/hard-to-long`);
  mkdirSync(`${root}/${"p".repeat(99)}`);
  mkdirSync(`${root}/${"q".repeat(100)}`);
  writeFileSync(`${root}/sparse`, "begin");
  truncateSync(`${root}/sparse`, 3_000_000);
  writeFileSync(`${root}/big`, Buffer.alloc(3 << 20, "pattern that repeats "));
  execFileSync("mkfifo", [`${root}/pipe`]);
  utimesSync(`${root}/empty`, 12345.75, 12345.75);
  utimesSync(`${root}/setuid`, -5.5, -5.5);
  utimesSync(`${root}/etc/sub`, 2 ** 33 + 10, 2 ** 33 + 10);
  lutimesSync(`${root}/longtarget`, 777, 777);
}

describe("packTree()", () => {
  it.each<[Compression, number | undefined]>([
    ["gzip", undefined],
    ["gzip", 1],
    ["zstd", undefined],
    ["zstd", 19],
    ["none", undefined],
  ])("writes what unpacking turns into the same tree (%s, level %s)", async (compression, level) => {
    const bench = openBench();
    const tree = bench.folder("tree", growTree);
    const packed = await bench.pack({ kind: "tree", directory: tree }, { compression, level });
    const copy = await bench.unpack(packed.file);
    expect(describeTree(copy)).toEqual(describeTree(tree));
    expect(inventory(copy)).toBe(inventory(tree));
    expect(packed.warnings).toEqual([]);
  });

  it("tells the digests and sizes of what it has written", async () => {
    const bench = openBench();
    const tree = bench.folder("tree", growTree);
    const { file, diffId, blobDigest, blobSize, sizeBytes } = await bench.pack({ kind: "tree", directory: tree });
    const blob = readFileSync(file);
    const digest = (content: Buffer) => `sha256:${createHash("sha256").update(content).digest("hex")}`;
    expect(blobDigest).toBe(digest(blob));
    expect(blobSize).toBe(blob.length);
    expect(diffId).toBe(digest(gunzipSync(blob)));
    expect(sizeBytes).toBeGreaterThan(6_000_000);
    const zstd = await bench.pack({ kind: "tree", directory: tree }, { compression: "zstd" });
    expect(zstd.diffId).toBe(diffId);
    expect(digest(zstdDecompressSync(readFileSync(zstd.file)))).toBe(diffId);
  });

  it("is read by GNU tar", async () => {
    const bench = openBench();
    const tree = bench.folder("tree", growTree);
    const { file } = await bench.pack({ kind: "archive", directory: tree });
    const copy = bench.folder("by-tar");
    execFileSync("tar", ["-xpzf", file, "-C", copy], { stdio: ["ignore", "ignore", "inherit"] });
    expect(inventory(copy)).toBe(inventory(tree));
    expect(describeTree(copy)).toEqual(describeTree(tree));
    execFileSync("gzip", ["-t", file]);
  });

  it("makes the same bytes of equal trees, in the order of names", async () => {
    const bench = openBench();
    const fill = (names: string[]) => (path: string) => {
      for (const name of names) {
        writeFileSync(`${path}/${name}`, name);
        utimesSync(`${path}/${name}`, 1, 1);
      }
    };
    const one = await bench.pack({ kind: "archive", directory: bench.folder("one", fill(["b", "a", "Z", "ä"])) });
    const two = await bench.pack({ kind: "archive", directory: bench.folder("two", fill(["ä", "Z", "a", "b"])) });
    expect(one.blobDigest).toBe(two.blobDigest);
    const listing = execFileSync("tar", ["-tzf", one.file, "--quoting-style=literal"], { encoding: "utf8" });
    expect(listing).toBe("Z\na\nb\nä\n");
  });

  it("leaves sockets out", async () => {
    const bench = openBench();
    const tree = bench.folder("tree");
    const server = createServer().listen(`${tree}/socket`);
    onTestFinished(() => void server.close());
    writeFileSync(`${tree}/file`, "x");
    await new Promise((resolve) => server.once("listening", resolve));
    const { file } = await bench.pack({ kind: "archive", directory: tree });
    expect(execFileSync("tar", ["-tzf", file], { encoding: "utf8" })).toBe("file\n");
  });

  it("keeps user attributes byte for byte, and none of the overlay's", async () => {
    const bench = openBench();
    const value = Buffer.from([0, 255, 61, 10, 200]);
    const tree = bench.folder("tree", (path) => {
      writeFileSync(`${path}/file`, "x");
      libc().setXattr(`${path}/file`, "user.binary", value);
      libc().setXattr(`${path}/file`, "user.overlay.origin", Buffer.from("secret"));
    });
    const copy = await bench.unpack((await bench.pack({ kind: "tree", directory: tree })).file);
    expect(xattr(`${copy}/file`, "user.binary")).toBe(value.toString("latin1"));
    const raw = gunzipSync(readFileSync((await bench.pack({ kind: "tree", directory: tree })).file)).toString("latin1");
    expect(raw).not.toContain("user.overlay");
  });

  it.runIf(itAsRoot)("keeps owners, capabilities and devices", async () => {
    const bench = openBench();
    const tree = bench.folder("tree", (path) => {
      writeFileSync(`${path}/ping`, "x");
      execFileSync("chown", ["70000:3000000", `${path}/ping`]);
      // cap_net_raw+ep
      libc().setXattr(
        `${path}/ping`,
        "security.capability",
        Buffer.from("0100000200200000000000000000000000000000", "hex"),
      );
      libc().mknod(`${path}/null`, 0o020666, { major: 1, minor: 3 });
      libc().mknod(`${path}/disk`, 0o060660, { major: 259, minor: 300 });
    });
    const { file } = await bench.pack({ kind: "tree", directory: tree });
    const copy = await bench.unpack(file);
    expect(statSync(`${copy}/ping`)).toMatchObject({ uid: 70000, gid: 3000000 });
    expect(xattr(`${copy}/ping`, "security.capability")).toBe(xattr(`${tree}/ping`, "security.capability"));
    expect(statSync(`${copy}/null`).rdev).toBe(statSync(`${tree}/null`).rdev);
    expect(statSync(`${copy}/disk`).rdev).toBe(statSync(`${tree}/disk`).rdev);
  });

  it("says how the root folder looks in a layer, and nothing of it in an archive", async () => {
    const bench = openBench();
    const tree = bench.folder("tree", (path) => chmodSync(path, 0o711));
    const layer = await bench.unpack((await bench.pack({ kind: "tree", directory: tree })).file);
    expect(statSync(layer).mode & 0o777).toBe(0o711);
    const archive = await bench.unpack((await bench.pack({ kind: "archive", directory: tree })).file);
    expect(statSync(archive).mode & 0o777).toBe(0o755);
  });

  it("keeps names that would be deletions out of layers, with a warning, and in archives", async () => {
    const bench = openBench();
    const tree = bench.folder("tree", (path) => {
      writeFileSync(`${path}/.wh.victim`, "x");
      writeFileSync(`${path}/victim`, "x");
    });
    const layer = await bench.pack({ kind: "tree", directory: tree });
    expect(Object.keys(describeTree(await bench.unpack(layer.file)))).toEqual(["victim"]);
    expect(layer.warnings).toEqual([expect.stringContaining('1 files are left out, such as ".wh.victim"')]);
    const { file } = await bench.pack({ kind: "archive", directory: tree });
    expect(execFileSync("tar", ["-tzf", file], { encoding: "utf8" })).toBe(".wh.victim\nvictim\n");
  });

  it("leaves nothing behind when it fails", async () => {
    const bench = openBench();
    await expect(bench.pack({ kind: "tree", directory: `${bench.path}/nowhere` })).rejects.toThrow("ENOENT");
    expect(existsSync(`${bench.path}/blob-0`)).toBe(false);
  });

  it("pads a file that gets shorter while it is read", async () => {
    const bench = openBench();
    const tree = bench.folder("tree", (path) => {
      writeFileSync(`${path}/a`, Buffer.alloc(12 << 20));
      writeFileSync(`${path}/b`, "behind");
    });
    const fd = openSync(`${tree}/a`, "r+");
    const packing = bench.pack({ kind: "tree", directory: tree });
    // The first chunk is read while we wait.
    await new Promise((resolve) => setImmediate(resolve));
    truncateSync(`${tree}/a`, 1000);
    writeSync(fd, "grown", 0);
    closeSync(fd);
    const { file, warnings } = await packing;
    const copy = await bench.unpack(file);
    expect(statSync(`${copy}/a`).size).toBe(12 << 20);
    expect(readFileSync(`${copy}/b`, "utf8")).toBe("behind");
    expect(warnings).toEqual(['1 files changed while they were read, such as "a"']);
  });
});
