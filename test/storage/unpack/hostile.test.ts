import { linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { archive, type EntryFields, entry, gnuLong, paxHeader, writeBase256 } from "./archive.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";

/** Unpacks an archive that wants to reach the folder beside the layer; whatever happens, that must not be touched. */
async function attack(
  box: Sandbox,
  blob: Buffer,
  options?: Parameters<Sandbox["unpack"]>[1],
): Promise<{ kind: string | undefined }> {
  const folderBefore = lstatSync(join(box.path, "outside"));
  const fileBefore = lstatSync(join(box.path, "outside/secret"));
  const error = await box.unpack(blob, options).then(
    () => undefined,
    (reason: { kind: string }) => reason,
  );
  expect(box.outside()).toEqual({ secret: "file untouched" });
  for (const [before, name] of [
    [folderBefore, "outside"],
    [fileBefore, "outside/secret"],
  ] as const) {
    const after = lstatSync(join(box.path, name));
    expect([after.mode, after.uid, after.mtimeMs, after.nlink, after.ctimeMs]).toEqual([
      before.mode,
      before.uid,
      before.mtimeMs,
      before.nlink,
      before.ctimeMs,
    ]);
  }
  expect(readdirSync(box.path).filter((name) => !name.startsWith("blob-"))).toEqual(["layer", "outside"]);
  if (error && !("kind" in error)) throw error;
  return { kind: error?.kind };
}

describe("unpackLayer() with a hostile archive touches nothing outside of the layer:", () => {
  it("absolute paths land inside", async () => {
    const box = createSandbox();
    const target = join(box.path, "outside/secret");
    expect(await attack(box, archive({ name: target, content: "evil" }))).toEqual({ kind: undefined });
    expect(readFileSync(join(box.layer, target), "utf8")).toBe("evil");
  });

  it.each(["../outside/secret", "a/../../outside/secret", "./../outside/x", "..", "a/../..", "/../outside/secret"])(
    "the name %s is refused",
    async (name) => {
      expect(await attack(createSandbox(), archive({ name, content: "evil" }))).toEqual({ kind: "corrupt" });
    },
  );

  it("names with .. that stay inside are cleaned as Docker does", async () => {
    const box = createSandbox();
    await attack(box, archive({ name: "a/b/../../c/./d//e", content: "1" }));
    expect(box.tree()).toMatchObject({ "c/d/e": "file 1" });
  });

  const links: readonly (readonly [string, (box: Sandbox) => string])[] = [
    ["absolute", (box) => join(box.path, "outside")],
    ["relative", () => "../outside"],
    ["with many ..", () => `${"../".repeat(50)}tmp`],
    ["to the root", () => "/"],
  ];
  it.each(links)("a file below a link that leads out (%s)", async (_, target) => {
    const box = createSandbox();
    const { kind } = await attack(
      box,
      archive(
        { name: "a", type: "2", linkName: target(box) },
        { name: "a/secret", content: "evil" },
        { name: "a/deep/new", content: "evil" },
        { name: "a", type: "5", mode: 0o777, mtime: 1 },
      ),
    );
    expect(kind).toBeUndefined();
  });

  it("a chain of links, and a link in a loop", async () => {
    const box = createSandbox();
    const chain: EntryFields[] = [
      { name: "one", type: "2", linkName: ".." },
      { name: "two", type: "2", linkName: "one/outside" },
      { name: "two/secret", content: "evil" },
    ];
    expect(await attack(box, archive(...chain))).toEqual({ kind: undefined });
    const loop: EntryFields[] = [
      { name: "x", type: "2", linkName: "y" },
      { name: "y", type: "2", linkName: "x" },
      { name: "x/f", content: "evil" },
    ];
    expect(await attack(createSandbox(), archive(...loop))).toEqual({ kind: "corrupt" });
  });

  it("links that multiply when they are followed, and longer chains than the kernel takes", async () => {
    const multiplying: EntryFields[] = [{ name: "l0", type: "2", linkName: "." }];
    const chain: EntryFields[] = [{ name: "l0", type: "2", linkName: "." }];
    for (let level = 1; level < 60; level++) {
      const name = `l${level}`;
      if (level < 30)
        multiplying.push({
          name,
          type: "2",
          linkName: Array(10)
            .fill(`l${level - 1}`)
            .join("/"),
        });
      chain.push({ name, type: "2", linkName: `l${level - 1}` });
    }
    expect(await attack(createSandbox(), archive(...multiplying, { name: "l29/f" }))).toEqual({ kind: undefined });
    expect(await attack(createSandbox(), archive(...chain, { name: "l59/f" }))).toEqual({ kind: "corrupt" });
  });

  it("a folder that becomes a link after files went into it", async () => {
    const box = createSandbox();
    const swapped = archive(
      { name: "d/sub", type: "5" },
      { name: "d/sub/before" },
      { name: "d", type: "2", linkName: join(box.path, "outside") },
      { name: "d/secret", content: "evil" },
      { name: "d/sub/after", content: "evil" },
    );
    expect(await attack(box, swapped)).toEqual({ kind: undefined });
  });

  it("a folder whose mode and time are due at the end, replaced by a link", async () => {
    const box = createSandbox();
    const entries: EntryFields[] = [
      { name: "d", type: "5", mode: 0o777, mtime: 1 },
      { name: "e/f", type: "5", mode: 0o777, mtime: 1 },
      { name: "d", type: "2", linkName: "../outside" },
      { name: "e", type: "2", linkName: ".." },
    ];
    expect(await attack(box, archive(...entries, { name: "outside", type: "5", mode: 0o777 }))).toEqual({
      kind: undefined,
    });
  });

  it("files, attributes and folders over a link replace the link", async () => {
    const box = createSandbox();
    const secret = join(box.path, "outside/secret");
    const { kind } = await attack(
      box,
      archive(
        { name: "a", type: "2", linkName: secret },
        { name: "a", content: "evil", mode: 0o777 },
        { name: "b", type: "2", linkName: join(box.path, "outside") },
        { name: "b", type: "5", mode: 0o777 },
        { name: "b/secret", content: "evil" },
        { name: "c", type: "2", linkName: secret },
        paxHeader({ "SCHILY.xattr.user.evil": "1" }),
        { name: "c", type: "2", linkName: secret },
        { name: "d", type: "2", linkName: secret },
        { name: "d", type: "6" },
      ),
    );
    expect(kind).toBeUndefined();
    expect(box.tree()).toMatchObject({ a: "file evil", b: "directory", "b/secret": "file evil", d: "fifo" });
  });

  const outsideTargets: readonly (readonly [string, (box: Sandbox) => string])[] = [
    ["../outside/secret", () => "../outside/secret"],
    ["an absolute path", (box) => join(box.path, "outside/secret")],
    ["a path through a link", () => "out/secret"],
  ];
  it.each(outsideTargets)("a hard link to %s is refused", async (_, target) => {
    const box = createSandbox();
    const blob = archive(
      { name: "out", type: "2", linkName: join(box.path, "outside") },
      { name: "hard", type: "1", linkName: target(box) },
      { name: "hard", content: "evil" },
    );
    expect(await attack(box, blob)).toEqual({ kind: "corrupt" });
  });

  it("a hard link to a link, written over and through", async () => {
    const box = createSandbox();
    const blob = archive(
      { name: "s", type: "2", linkName: join(box.path, "outside/secret") },
      { name: "h", type: "1", linkName: "s" },
      { name: "h", content: "evil" },
    );
    expect(await attack(box, blob)).toEqual({ kind: undefined });
    expect(box.tree()).toMatchObject({ h: "file evil" });
  });

  it("a hard link to itself and to a folder", async () => {
    const box = createSandbox();
    await attack(box, archive({ name: "f", content: "1" }, { name: "f", type: "1", linkName: "./f" }));
    expect(box.tree()).toEqual({ f: "file 1" });
    const folder = archive({ name: "d", type: "5" }, { name: "h", type: "1", linkName: "d" });
    expect(await attack(createSandbox(), folder)).toEqual({ kind: "corrupt" });
    expect(await attack(createSandbox(), archive({ name: "h", type: "1", linkName: "." }))).toEqual({
      kind: "corrupt",
    });
  });

  it.each([".wh.", ".wh..", ".wh...", "d/.wh...", "d/.wh.."])("the whiteout %s is refused", async (name) => {
    for (const whiteouts of ["overlay", "merged"] as const) {
      const blob = archive({ name: "d/x" }, { name });
      expect(await attack(createSandbox(), blob, { whiteouts })).toEqual({ kind: "corrupt" });
    }
  });

  it("whiteouts below links that lead out", async () => {
    for (const whiteouts of ["overlay", "merged"] as const) {
      const box = createSandbox();
      const out = join(box.path, "outside");
      const blob = archive(
        { name: "a", type: "2", linkName: out },
        { name: "a/.wh.secret" },
        { name: "a/.wh..wh..opq" },
        { name: "b", type: "2", linkName: "../outside" },
        { name: ".wh.b" },
        { name: "b/.wh.secret" },
      );
      expect(await attack(box, blob, { whiteouts })).toEqual({ kind: undefined });
    }
  });

  it("links of the layer below, in a merged tree", async () => {
    const box = createSandbox();
    symlinkSync(join(box.path, "outside"), join(box.layer, "old"));
    mkdirSync(join(box.layer, "dir"));
    symlinkSync("../../outside/secret", join(box.layer, "dir/file"));
    const blob = archive(
      { name: "old/secret", content: "evil" },
      { name: "dir/file", content: "mine" },
      { name: "old", type: "5", mode: 0o700 },
      { name: "dir/.wh..wh..opq" },
    );
    expect(await attack(box, blob, { whiteouts: "merged" })).toEqual({ kind: undefined });
    expect(box.tree()).toMatchObject({ "dir/file": "file mine", old: "directory" });
  });

  it("replaces a file that has other links instead of writing into it", async () => {
    const box = createSandbox();
    writeFileSync(join(box.layer, "mine"), "shared");
    linkSync(join(box.layer, "mine"), join(box.layer, "other"));
    await attack(box, archive({ name: "mine", content: "new" }), { whiteouts: "merged" });
    expect(box.tree()).toEqual({ mine: "file new", other: "file shared" });
  });

  it("a file that is used as a folder", async () => {
    expect(await attack(createSandbox(), archive({ name: "f" }, { name: "f/x" }))).toEqual({ kind: "corrupt" });
  });

  it("the root as anything but a folder", async () => {
    for (const name of ["", ".", "/", "./", "a/.."]) {
      for (const type of ["0", "1", "2", "6"]) {
        if (type === "0" && name.endsWith("/")) continue;
        expect(await attack(createSandbox(), archive({ name, type, linkName: "/etc" })), `${name} ${type}`).toEqual({
          kind: "corrupt",
        });
      }
    }
  });

  it("names that are too long for any system call", async () => {
    const parts = Array(300).fill("d".repeat(20)).join("/");
    expect(await attack(createSandbox(), archive(paxHeader({ path: parts }), { name: "x" }))).toEqual({
      kind: "corrupt",
    });
    expect(await attack(createSandbox(), archive(paxHeader({ path: "x".repeat(300) }), { name: "x" }))).toEqual({
      kind: "unsupported",
    });
    expect(await attack(createSandbox(), archive(paxHeader({ path: "d/".repeat(400_000) }), { name: "x" }))).toEqual({
      kind: "corrupt",
    });
    expect(await attack(createSandbox(), archive(gnuLong("L", "d/".repeat(2000)), { name: "x", type: "5" }))).toEqual({
      kind: undefined,
    });
  });

  it("names with a zero byte", async () => {
    expect(
      await attack(createSandbox(), archive(paxHeader({ path: "a\0/../../outside/secret" }), { name: "x" })),
    ).toEqual({ kind: "corrupt" });
  });

  it("device nodes", async () => {
    const box = createSandbox();
    const blob = archive(
      { name: "disk", type: "4", device: { major: 8, minor: 0 } },
      { name: "null", type: "3", device: { major: 0, minor: 0 } },
    );
    expect(await attack(box, blob)).toEqual({ kind: undefined });
    expect(box.tree()).not.toHaveProperty("null");
  });

  it("sizes beyond the archive, negative and absurd ones", async () => {
    const sized = (size: number) =>
      entry({ name: "f", content: "x", patch: (header) => writeBase256(header, 124, 12, size) });
    for (const size of [10_000, 2 ** 52, 2 ** 62, -1, -(2 ** 40)]) {
      expect(await attack(createSandbox(), archive(sized(size))), String(size)).toEqual({ kind: "corrupt" });
    }
    for (const size of ["-1", "9".repeat(30), "0x10", "1e3", ""]) {
      expect(await attack(createSandbox(), Buffer.concat([paxHeader({ size: size || "-" }), sized(1)])), size).toEqual({
        kind: "corrupt",
      });
    }
  });

  it("extended headers that are malformed or huge", async () => {
    const raw = (content: string | Buffer) => entry({ name: "PaxHeader", type: "x", content });
    for (const content of [
      "10 a",
      "99999999 path=x\n",
      "0 path=x\n",
      "-5 path=x\n",
      "9 path=xx\n",
      " path=x\n",
      "garbage",
    ]) {
      expect(await attack(createSandbox(), archive(raw(content), { name: "x" })), content).toEqual({ kind: "corrupt" });
    }
    const huge = Buffer.alloc(2 << 20, "x");
    expect(await attack(createSandbox(), archive(raw(huge), { name: "x" }))).toEqual({ kind: "corrupt" });
    expect(await attack(createSandbox(), raw("9 path=x\n"))).toEqual({ kind: "corrupt" });
  });

  it("maps of sparse files that lie", async () => {
    const maps = ["0,512,256,512", "512,256", "0,99999999999999", "5", "-1,512", "0,512,600,1"];
    for (const map of maps) {
      const header = paxHeader({ "GNU.sparse.size": "1024", "GNU.sparse.map": map });
      expect(await attack(createSandbox(), archive(header, { name: "s", content: "x".repeat(512) })), map).toEqual({
        kind: "corrupt",
      });
    }
  });

  it("more bytes or entries than allowed", async () => {
    const bomb = gzipSync(archive({ name: "zeros", content: Buffer.alloc(8 << 20) }));
    const limits = { maxBytes: 1 << 20 };
    expect(await attack(createSandbox(), bomb, { limits })).toEqual({ kind: "unsupported" });
    const many = Array.from({ length: 101 }, (_, index): EntryFields => ({ name: `f${index}` }));
    expect(await attack(createSandbox(), archive(...many), { limits: { maxEntries: 100 } })).toEqual({
      kind: "unsupported",
    });
    expect(await attack(createSandbox(), archive(...many), { limits: { maxEntries: 101 } })).toEqual({
      kind: undefined,
    });
  });

  it("wrong checksums", async () => {
    const broken = archive({ name: "f" });
    broken[0] = 0x67;
    expect(await attack(createSandbox(), broken)).toEqual({ kind: "corrupt" });
  });
});
