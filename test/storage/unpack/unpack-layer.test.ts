import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Digest } from "../../../src/oci/digest.ts";
import { createGrowth } from "../../../src/storage/unpack/growing-file.ts";
import { unpackLayer } from "../../../src/storage/unpack/unpack-layer.ts";
import { libc } from "../../../src/system/libc.ts";
import { archive, gnuLong, paxHeader, paxRecords, writeBase256 } from "./archive.ts";
import { allIds, createSandbox, itAsRoot, type Sandbox, sha256 } from "./sandbox.ts";

describe("unpackLayer() with ordinary entries", () => {
  it("makes files, folders, links and fifos with their modes and times", async () => {
    const box = createSandbox();
    const result = await box.unpack(
      archive(
        { name: "./", type: "5", mode: 0o751 },
        { name: "dir/", type: "5", mode: 0o2775, mtime: 123 },
        { name: "dir/file", content: "hello", mode: 0o4711, mtime: 456 },
        { name: "dir/hard", type: "1", linkName: "dir/file" },
        { name: "soft", type: "2", linkName: "/no/where", mtime: 789 },
        { name: "pipe", type: "6", mode: 0o622 },
        { name: "read-only", content: "", mode: 0o444 },
      ),
    );
    expect(box.tree()).toEqual({
      dir: "directory",
      "dir/file": "file hello",
      "dir/hard": "file hello",
      soft: "-> /no/where",
      pipe: "fifo",
      "read-only": "file ",
    });
    const stat = (name: string) => lstatSync(join(box.layer, name));
    expect(stat(".").mode & 0o7777).toBe(0o751);
    expect(stat("dir").mode & 0o7777).toBe(0o2775);
    expect(stat("dir").mtimeMs).toBe(123_000);
    expect(stat("dir/file").mode & 0o7777).toBe(0o4711);
    expect(stat("dir/file").mtimeMs).toBe(456_000);
    expect(stat("dir/file").ino).toBe(stat("dir/hard").ino);
    expect(stat("soft").mtimeMs).toBe(789_000);
    expect(stat("pipe").mode & 0o7777).toBe(0o622);
    expect(stat("read-only").mode & 0o7777).toBe(0o444);
    expect(result).toMatchObject({ sizeBytes: 5, entries: 7, warnings: [] });
  });

  it("makes missing parents and keeps the times of folders whose content comes later", async () => {
    const box = createSandbox();
    await box.unpack(archive({ name: "a/b/c", content: "x" }, { name: "a", type: "5", mtime: 5 }, { name: "a/later" }));
    expect(lstatSync(join(box.layer, "a")).mtimeMs).toBe(5000);
    expect(lstatSync(join(box.layer, "a/b")).mode & 0o7777).toBe(0o755);
    expect(readFileSync(join(box.layer, "a/b/c"), "utf8")).toBe("x");
  });

  it("lets later entries win: file over file, file over folder, folder over file, link over folder", async () => {
    const box = createSandbox();
    await box.unpack(
      archive(
        { name: "f", content: "old" },
        { name: "h", type: "1", linkName: "f" },
        { name: "f", content: "new" },
        { name: "d/x/y", content: "gone" },
        { name: "d/x", content: "file now" },
        { name: "e", content: "file" },
        { name: "e", type: "5" },
        { name: "e/in", content: "1" },
        { name: "g/a" },
        { name: "g", type: "2", linkName: "f" },
      ),
    );
    expect(box.tree()).toEqual({
      d: "directory",
      "d/x": "file file now",
      e: "directory",
      "e/in": "file 1",
      f: "file new",
      g: "-> f",
      h: "file old",
    });
  });

  it("follows links of the layer inside the layer, as a chroot would", async () => {
    const box = createSandbox();
    await box.unpack(
      archive(
        { name: "usr/lib", type: "5" },
        { name: "lib", type: "2", linkName: "usr/lib" },
        { name: "var/run", type: "2", linkName: "/run" },
        { name: "lib/libc.so", content: "elf" },
        { name: "var/run/pid", content: "1" },
        { name: "hard", type: "1", linkName: "lib/libc.so" },
      ),
    );
    expect(box.tree()).toMatchObject({ "usr/lib/libc.so": "file elf", "run/pid": "file 1", hard: "file elf" });
  });

  it("keeps names that are not UTF-8", async () => {
    const box = createSandbox();
    await box.unpack(
      archive(
        { name: Buffer.from([0x64, 0xff]), type: "5" },
        { name: Buffer.from([0x64, 0xff, 0x2f, 0xe4]), content: "latin" },
        { name: "é", type: "2", linkName: Buffer.from([0xfe]) },
      ),
    );
    expect(box.tree()).toEqual({ "d\xff": "directory", "d\xff/\xe4": "file latin", "\xc3\xa9": "-> \xfe" });
  });

  it.runIf(itAsRoot)("gives files their owners, and set-id bits after that", async () => {
    const box = createSandbox();
    await box.unpack(
      archive(
        { name: "d", type: "5", gid: 8, mode: 0o2755 },
        { name: "d/root", mode: 0o644 },
        { name: "su", uid: 3, gid: 4, mode: 0o6755 },
        { name: "s", type: "2", linkName: "x", uid: 5, gid: 6 },
        { name: "big", patch: (header) => writeBase256(header, 108, 8, 3_000_000) },
      ),
    );
    const stat = (name: string) => lstatSync(join(box.layer, name));
    expect(stat("su")).toMatchObject({ uid: 3, gid: 4 });
    expect(stat("su").mode & 0o7777).toBe(0o6755);
    expect(stat("s")).toMatchObject({ uid: 5, gid: 6 });
    expect(stat("d")).toMatchObject({ uid: 0, gid: 8 });
    expect(stat("d/root")).toMatchObject({ uid: 0, gid: 0 });
    expect(stat("big").uid).toBe(3_000_000);
  });
});

describe("unpackLayer() with owners beyond the range", () => {
  const ids = { uids: 65_537, gids: 65_537, ignoreChownErrors: false };

  it("names the file, the id, the size of the range and the remedies", async () => {
    const box = createSandbox();
    await expect(box.unpack(archive({ name: "etc/x", uid: 100_000 }), { ids })).rejects.toMatchObject({
      kind: "unsupported",
      message: expect.stringMatching(/"etc\/x" belongs to uid 100000.*65537 uids/),
      hint: expect.stringMatching(/\/etc\/subuid.*--storage-opt ignore_chown_errors=true/),
    });
    await expect(box.unpack(archive({ name: "y", gid: 65_537 }), { ids })).rejects.toMatchObject({
      message: expect.stringMatching(/gid 65537/),
      hint: expect.stringMatching(/\/etc\/subgid/),
    });
  });

  it.runIf(itAsRoot)("gives them to root, without set-id bits, with one warning if told to ignore it", async () => {
    const box = createSandbox();
    const { warnings } = await box.unpack(
      archive({ name: "a", uid: 100_000, mode: 0o4755 }, { name: "b", gid: 100_000 }, { name: "c", uid: 9 }),
      { ids: { ...ids, ignoreChownErrors: true } },
    );
    expect(lstatSync(join(box.layer, "a"))).toMatchObject({ uid: 0, gid: 0 });
    expect(lstatSync(join(box.layer, "a")).mode & 0o7777).toBe(0o755);
    expect(lstatSync(join(box.layer, "c")).uid).toBe(9);
    expect(warnings).toEqual([expect.stringMatching(/^2 files .* given to root \(first: "a"\)$/)]);
  });

  it("gives everything to the only uid there is, with one warning", async () => {
    const box = createSandbox();
    const { warnings } = await box.unpack(archive({ name: "a", uid: 1 }, { name: "b", gid: 2 }, { name: "c" }), {
      ids: { uids: 1, gids: 1, ignoreChownErrors: false },
    });
    expect(lstatSync(join(box.layer, "a")).uid).toBe(process.getuid?.());
    expect(warnings).toHaveLength(1);
  });
});

describe("unpackLayer() with extended headers", () => {
  it("reads PAX paths, links, sizes, owners and times; global ones hold until they are taken back", async () => {
    const box = createSandbox();
    const long = `${"d".repeat(120)}/${"f".repeat(150)}`;
    await box.unpack(
      archive(
        paxHeader({ mtime: "77.5" }, "g"),
        paxHeader({ path: long, mtime: "12.000000123" }),
        { name: "short", content: "x" },
        paxHeader({ linkpath: "t".repeat(200) }),
        { name: "s", type: "2", linkName: "short" },
        { name: "g" },
        paxHeader({ size: "3", mtime: "-1.25" }),
        { name: "sized", size: 0, content: Buffer.from("abc") },
        { name: "end" },
      ),
    );
    const stat = (name: string) => lstatSync(join(box.layer, name), { bigint: true });
    expect(stat(long).mtimeNs).toBe(12_000_000_123n);
    expect(stat("g").mtimeNs).toBe(77_500_000_000n);
    expect(stat("sized").mtimeNs).toBe(-1_250_000_000n);
    expect(box.tree()).toMatchObject({ s: `-> ${"t".repeat(200)}`, sized: "file abc", end: "file " });
  });

  it("reads GNU long names and links", async () => {
    const box = createSandbox();
    const long = "n".repeat(180);
    await box.unpack(
      archive(gnuLong("K", `/${long}`), gnuLong("L", long), { name: "cut", type: "2", linkName: "cut" }),
    );
    expect(box.tree()).toEqual({ [long]: `-> /${long}` });
  });

  it("sets binary attributes, and none that would direct the overlay", async () => {
    const box = createSandbox();
    const value = Buffer.from([0, 1, 0xff, 0x0a, 0x3d, 0xc3]);
    await box.unpack(
      archive(
        paxHeader({
          "SCHILY.xattr.user.bin": value,
          "SCHILY.xattr.user.overlay.opaque": "y",
          "SCHILY.xattr.trusted.overlay.redirect": "/etc",
        }),
        { name: "f" },
        paxHeader({ "LIBARCHIVE.xattr.user.a%3Db": value.toString("base64"), "LIBARCHIVE.xattr.user.%C3%A9": "YQ==" }),
        { name: "d", type: "5" },
      ),
    );
    expect(libc().listXattrs(join(box.layer, "f"))).toEqual(["user.bin"]);
    expect(libc().getXattr(join(box.layer, "f"), "user.bin")).toEqual(value);
    expect(libc().getXattr(join(box.layer, "d"), "user.a=b")).toEqual(value);
    expect(libc().getXattr(join(box.layer, "d"), "user.é")?.toString()).toBe("a");
  });

  it.runIf(itAsRoot)("sets file capabilities after the owner", async () => {
    const box = createSandbox();
    const capability = Buffer.from("0100000200200000000000000000000000000000", "hex");
    await box.unpack(
      archive(paxHeader({ "SCHILY.xattr.security.capability": capability }), { name: "ping", content: "x", gid: 7 }),
    );
    expect(libc().getXattr(join(box.layer, "ping"), "security.capability")).toEqual(capability);
  });

  it("warns once about attributes that cannot be set", async () => {
    const box = createSandbox();
    const header = paxHeader({ "SCHILY.xattr.nonsense.x": "1" });
    const { warnings } = await box.unpack(archive(header, { name: "a" }, header, { name: "b" }));
    expect(warnings).toEqual([expect.stringMatching(/on 2 files .*\(first: "a"\)/)]);
  });
});

describe("unpackLayer() with sparse files", () => {
  const expected = Buffer.alloc(1 << 20);
  expected.write("begin", 4096);
  expected.write("end", (1 << 20) - 512);
  const content = Buffer.concat([expected.subarray(4096, 4608), expected.subarray(-512)]);
  const map: readonly [number, number][] = [
    [4096, 512],
    [(1 << 20) - 512, 512],
  ];
  const sparse = { "GNU.sparse.size": String(1 << 20), "GNU.sparse.numblocks": "2" };

  const formats: readonly (readonly [string, () => Buffer])[] = [
    [
      "PAX 0.0",
      () =>
        Buffer.concat([
          paxRecords([
            ...Object.entries(sparse),
            ...map.flatMap(([offset, size]) => [
              ["GNU.sparse.offset", String(offset)] as const,
              ["GNU.sparse.numbytes", String(size)] as const,
            ]),
          ]),
          archive({ name: "sparse", content }),
        ]),
    ],
    [
      "PAX 0.1",
      () =>
        Buffer.concat([
          paxHeader({ ...sparse, "GNU.sparse.map": map.flat().join(","), "GNU.sparse.name": "sparse" }),
          archive({ name: "GNUSparseFile.0/sparse", content }),
        ]),
    ],
    [
      "PAX 1.0",
      () => {
        const lines = Buffer.alloc(512);
        lines.write(`2\n${map.flat().join("\n")}\n`);
        return Buffer.concat([
          paxHeader({
            "GNU.sparse.major": "1",
            "GNU.sparse.minor": "0",
            "GNU.sparse.name": "sparse",
            "GNU.sparse.realsize": String(1 << 20),
          }),
          archive({ name: "GNUSparseFile.0/sparse", content: Buffer.concat([lines, content]) }),
        ]);
      },
    ],
    [
      "old GNU",
      () =>
        archive({
          name: "sparse",
          type: "S",
          content,
          magic: "ustar  \0",
          patch(header) {
            for (const [index, number] of map.flat().entries()) {
              header.write(`${number.toString(8).padStart(11, "0")}\0`, 386 + index * 12, "latin1");
            }
            header.write(`${(1 << 20).toString(8).padStart(11, "0")}\0`, 483, "latin1");
          },
        }),
    ],
  ];

  it.each(formats)("restores holes of format %s", async (_, make) => {
    const box = createSandbox();
    const { sizeBytes } = await box.unpack(make());
    const path = join(box.layer, "sparse");
    expect(readFileSync(path).equals(expected)).toBe(true);
    expect(statSync(path).blocks * 512).toBeLessThan(100_000);
    expect(sizeBytes).toBe(1024);
  });
});

describe("unpackLayer() with whiteouts for an overlay", () => {
  it("marks deleted files and opaque folders as kernel overlay and fuse-overlayfs read them", async () => {
    const box = createSandbox();
    await box.unpack(
      archive(
        { name: "d/.wh.gone" },
        { name: "o", type: "5" },
        { name: "o/new" },
        { name: "o/.wh..wh..opq" },
        { name: ".wh..wh.plnk/x" },
      ),
    );
    expect(box.tree()).toEqual({ d: "directory", "d/gone": "whiteout", o: "directory", "o/new": "file " });
    expect(libc().getXattr(join(box.layer, "o"), "user.overlay.opaque")).toEqual(Buffer.from("y"));
  });

  it("hides only what is below: what the layer brings stays, before or after the whiteout", async () => {
    const box = createSandbox();
    await box.unpack(
      archive(
        { name: "f", content: "1" },
        { name: ".wh.f" },
        { name: ".wh.g" },
        { name: "g", content: "2" },
        { name: ".wh.d" },
        { name: "d", type: "5" },
        { name: "e/x" },
        { name: ".wh.e" },
        { name: ".wh.i" },
        { name: "i/.wh.j" },
        { name: ".wh.k" },
        { name: "k/l" },
      ),
    );
    expect(box.tree()).toEqual({
      f: "file 1",
      g: "file 2",
      d: "directory",
      e: "directory",
      "e/x": "file ",
      i: "whiteout",
      k: "directory",
      "k/l": "file ",
    });
    for (const name of ["d", "e", "k"]) {
      expect(libc().getXattr(join(box.layer, name), "user.overlay.opaque"), name).toEqual(Buffer.from("y"));
    }
  });
});

describe("unpackLayer() above other layers", () => {
  /** Three layers, top first: the first two were unpacked before. */
  async function stack(middle: Buffer, top: Buffer): Promise<Sandbox> {
    const bottom = createSandbox();
    await bottom.unpack(
      archive(
        { name: "tmp", type: "5", mode: 0o1777, mtime: 42 },
        { name: "dir", type: "5", mode: 0o711 },
        { name: "dir/file", content: "below", mode: 0o4755, mtime: 7 },
        { name: "gone/file", content: "below" },
      ),
    );
    const [second, third] = [createSandbox(), createSandbox()];
    await second.unpack(middle, { lowerDirectories: [bottom.layer] });
    await third.unpack(top, { lowerDirectories: [second.layer, bottom.layer] });
    return third;
  }
  const empty = archive();
  const stat = (box: Sandbox, name: string) => lstatSync(join(box.layer, name));

  it("leaves directories as they are there, if the archive leaves them out", async () => {
    const box = await stack(
      empty,
      archive({ name: "tmp/x/y" }, { name: "dir/new" }, { name: "dir", type: "5", mode: 0o700 }),
    );
    expect(stat(box, "tmp").mode & 0o7777).toBe(0o1777);
    expect(stat(box, "tmp").mtimeMs).toBe(42_000);
    expect(stat(box, "tmp/x").mode & 0o7777).toBe(0o755);
    expect(stat(box, "dir").mode & 0o7777).toBe(0o700);
  });

  it("makes directories anew where a layer above has deleted them", async () => {
    const deleted = await stack(archive({ name: ".wh.tmp" }), archive({ name: "tmp/x" }));
    expect(stat(deleted, "tmp").mode & 0o7777).toBe(0o755);
  });

  it("makes hard links to files there by copying them up, as an overlay does", async () => {
    const box = await stack(empty, archive({ name: "link", type: "1", linkName: "dir/file" }));
    expect(box.tree()).toEqual({ dir: "directory", "dir/file": "file below", link: "file below" });
    expect(stat(box, "link").ino).toBe(stat(box, "dir/file").ino);
    expect(stat(box, "link").mode & 0o7777).toBe(0o4755);
    expect(stat(box, "link").mtimeMs).toBe(7000);
    expect(stat(box, "dir").mode & 0o7777).toBe(0o711);
  });

  const hidden: readonly (readonly [string, Buffer, Buffer])[] = [
    ["deleted in between", archive({ name: "dir/.wh.file" }), archive()],
    ["in an opaque directory", archive({ name: "dir/.wh..wh..opq" }), archive()],
    ["in a deleted directory", archive({ name: ".wh.dir" }), archive()],
    ["behind a file", archive({ name: "dir" }), archive()],
    ["deleted here", empty, archive({ name: "dir/.wh.file" })],
    ["in a directory deleted here", empty, archive({ name: ".wh.dir" })],
  ];
  it.each(hidden)("refuses hard links to a file that is %s", async (_, middle, top) => {
    const blob = Buffer.concat([top.subarray(0, -1024), archive({ name: "link", type: "1", linkName: "dir/file" })]);
    await expect(stack(middle, blob)).rejects.toMatchObject({ kind: "corrupt" });
  });
});

describe("unpackLayer() with whiteouts in a merged tree", () => {
  it("removes what is below and keeps what the layer brings", async () => {
    const box = createSandbox();
    for (const folder of ["a/sub", "b", "c"]) mkdirSync(join(box.layer, folder), { recursive: true });
    for (const file of ["a/one", "a/sub/two", "b/old", "c/kept", "plain"])
      writeFileSync(join(box.layer, file), "below");
    symlinkSync("a", join(box.layer, "link"));
    await box.unpack(
      archive(
        { name: ".wh.a" },
        { name: "b/new", content: "1" },
        { name: "b/.wh..wh..opq" },
        { name: "c/kept", content: "again" },
        { name: ".wh.link" },
        { name: ".wh.missing" },
        { name: "plain/x", content: "2" },
      ),
      { whiteouts: "merged" },
    );
    expect(box.tree()).toEqual({
      b: "directory",
      "b/new": "file 1",
      c: "directory",
      "c/kept": "file again",
      plain: "directory",
      "plain/x": "file 2",
    });
  });
});

describe("unpackLayer() with devices", () => {
  it.runIf(itAsRoot)("skips what would be a whiteout, with one warning", async () => {
    const box = createSandbox();
    const { warnings } = await box.unpack(archive({ name: "fake", type: "3" }, { name: "fake2", type: "3" }));
    expect(box.tree()).toEqual({});
    expect(warnings).toEqual([expect.stringMatching(/^2 files .*devices.*\(first: "fake"\)$/)]);
  });

  it("skips unknown types with their content, with one warning", async () => {
    const box = createSandbox();
    const { warnings } = await box.unpack(
      archive({ name: "odd", type: "Z", content: "x".repeat(700) }, { name: "next", content: "1" }),
    );
    expect(box.tree()).toEqual({ next: "file 1" });
    expect(warnings).toHaveLength(1);
  });
});

describe("unpackLayer() with compression", () => {
  const first = Buffer.concat([archive({ name: "a", content: "1".repeat(5000) }).subarray(0, -1024)]);
  const second = archive({ name: "b", content: "2".repeat(5000) });
  const plain = Buffer.concat([first, second]);
  const skippable = Buffer.concat([Buffer.from("502a4d1805000000", "hex"), Buffer.from("hello")]);
  const big = Buffer.alloc(3 << 20, "x");
  const rest = Buffer.concat([archive({ name: "big", content: big }).subarray(0, -1024), second]);

  const blobs: readonly (readonly [string, Buffer])[] = [
    ["none", plain],
    ["gzip", gzipSync(plain)],
    ["gzip of two members", Buffer.concat([gzipSync(first), gzipSync(second)])],
    ["gzip with zeros behind it", Buffer.concat([gzipSync(plain), Buffer.alloc(2000)])],
    ["zstd", zstdCompressSync(plain)],
    ["zstd of two frames", Buffer.concat([zstdCompressSync(first), zstdCompressSync(second)])],
    [
      "zstd with frames to skip",
      Buffer.concat([skippable, zstdCompressSync(first), skippable, zstdCompressSync(second), skippable]),
    ],
  ];
  it.each(blobs)("reads and verifies %s", async (_, blob) => {
    const box = createSandbox();
    const { diffId } = await box.unpack(blob, { blobDigest: sha256(blob) as Digest, diffId: sha256(plain) as Digest });
    expect(diffId).toBe(sha256(plain));
    expect(box.tree()).toEqual({ a: `file ${"1".repeat(5000)}`, b: `file ${"2".repeat(5000)}` });
  });

  it("reads a zstd stream of large blocks and many frames", async () => {
    const box = createSandbox();
    const frames: Buffer[] = [];
    for (let at = 0; at < rest.length; at += 100_003) frames.push(zstdCompressSync(rest.subarray(at, at + 100_003)));
    await box.unpack(Buffer.concat(frames), { diffId: sha256(rest) as Digest });
    expect(readFileSync(join(box.layer, "big")).equals(big)).toBe(true);
  });

  it.each(["xz", "bzip2"])("reads %s with the machine's program, and passes on what that says", async (program) => {
    const blob = execFileSync(program, { input: plain });
    const { diffId } = await createSandbox().unpack(blob, { blobDigest: sha256(blob) as Digest });
    expect(diffId).toBe(sha256(plain));
    await expect(createSandbox().unpack(blob.subarray(0, -9))).rejects.toMatchObject({
      kind: "corrupt",
      message: expect.stringContaining(`cannot decompress: ${program}`),
    });
  });

  const damaged: readonly (readonly [string, Buffer])[] = [
    ["gzip cut off", gzipSync(plain).subarray(0, -9)],
    ["zstd cut off", zstdCompressSync(plain).subarray(0, -3)],
    ["zstd followed by garbage", Buffer.concat([zstdCompressSync(plain), Buffer.from("garbage")])],
    ["gzip with a flipped bit", flip(gzipSync(plain))],
    ["tar cut off in a header", plain.subarray(0, 300)],
    ["tar cut off in content", plain.subarray(0, 3000)],
  ];
  it.each(damaged)("says that %s is corrupt", async (_, blob) => {
    await expect(createSandbox().unpack(blob)).rejects.toMatchObject({ kind: "corrupt" });
  });

  it("says which digest is wrong", async () => {
    const wrong = sha256(Buffer.from("other")) as Digest;
    await expect(createSandbox().unpack(plain, { diffId: wrong })).rejects.toMatchObject({
      kind: "corrupt",
      message: expect.stringContaining("archive"),
    });
    await expect(createSandbox().unpack(gzipSync(plain), { blobDigest: wrong })).rejects.toMatchObject({
      kind: "corrupt",
      message: expect.stringContaining("blob"),
    });
  });

  it("ignores what follows the end of the archive, but hashes it", async () => {
    const box = createSandbox();
    const blob = Buffer.concat([plain, Buffer.alloc(9000, 7)]);
    expect((await box.unpack(blob)).diffId).toBe(sha256(blob));
  });
});

function flip(blob: Buffer): Buffer {
  const copy = Buffer.from(blob);
  copy[copy.length - 6] = (copy[copy.length - 6] as number) ^ 1;
  return copy;
}

describe("unpackLayer() in a worker", () => {
  const noise = Buffer.from(Array.from({ length: 1 << 20 }, (_, index) => (index * index * 31) >> 7));
  const plain = archive({ name: "noise", content: noise }, { name: "x", uid: 0, content: "1" });

  it("gives the same results, progress and errors", async () => {
    const box = createSandbox();
    const seen: number[] = [];
    const result = await box.unpack(plain, {
      diffId: sha256(plain) as Digest,
      onProgress: (bytes) => seen.push(bytes),
    });
    expect(result).toMatchObject({ sizeBytes: noise.length + 1, entries: 2 });
    expect(readFileSync(join(box.layer, "noise")).equals(noise)).toBe(true);
    expect(seen.at(-1)).toBeGreaterThan(0);
    await expect(createSandbox().unpack(plain, { diffId: sha256(noise) as Digest })).rejects.toMatchObject({
      kind: "corrupt",
    });
    await expect(createSandbox().unpack(plain.subarray(0, 1 << 20))).rejects.toMatchObject({
      name: "DhowError",
      kind: "corrupt",
    });
  });

  it("follows a file that is still growing", async () => {
    const box = createSandbox();
    const path = join(box.path, "partial");
    writeFileSync(path, plain);
    const writer = createGrowth(plain.length);
    const unpacking = unpackLayer({
      source: { path, growth: writer.growth },
      directory: box.layer,
      whiteouts: "overlay",
      ids: allIds,
    });
    for (let at = 0; at < plain.length; at += 300_000) {
      writer.report(at);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    writer.report(plain.length);
    expect((await unpacking).diffId).toBe(sha256(plain));
  });

  it("fails if the writer of a growing file gives up", async () => {
    const box = createSandbox();
    const path = join(box.path, "partial");
    writeFileSync(path, plain.subarray(0, 4096));
    const writer = createGrowth(plain.length);
    const unpacking = unpackLayer({
      source: { path, growth: writer.growth },
      directory: box.layer,
      whiteouts: "overlay",
      ids: allIds,
    });
    writer.report(4096);
    writer.abandon();
    await expect(unpacking).rejects.toMatchObject({ kind: "unavailable" });
  });

  it("stops when it is told to", async () => {
    const box = createSandbox();
    const path = join(box.path, "partial");
    writeFileSync(path, plain);
    const abort = new AbortController();
    const unpacking = unpackLayer({
      source: { path, growth: createGrowth(plain.length).growth },
      directory: box.layer,
      whiteouts: "overlay",
      ids: allIds,
      signal: abort.signal,
    });
    setTimeout(() => abort.abort(new Error("enough")), 50);
    await expect(unpacking).rejects.toThrow("enough");
  });
});
