import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, readFileSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { archive, type EntryFields, gnuLong, paxHeader, sign } from "./archive.ts";
import { createSandbox, describeTree } from "./sandbox.ts";

/** Numbers that are the same in every run, so that a failure can be found again by its seed. */
function createRandom(seed: number): (limit: number) => number {
  let state = seed * 2654435761;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

type Random = ReturnType<typeof createRandom>;

/** Makes a tree with whatever a tar program can store without privileges. */
function growTree(root: string, random: Random, stems: readonly string[]): void {
  mkdirSync(root, { mode: 0o755 });
  const folders = [root];
  const files: string[] = [];
  for (let index = 0; index < 60; index++) {
    const parent = folders[random(folders.length)] as string;
    const path = join(parent, `${stems[random(stems.length)]}-${index}`);
    const kind = random(10);
    if (kind < 2) {
      mkdirSync(path, { mode: 0o700 + random(0o100) });
      folders.push(path);
    } else if (kind === 2)
      symlinkSync(["../x", "/etc/passwd", "é".repeat(stems === longStems ? 70 : 40), "."][random(4)] as string, path);
    else if (kind === 3 && files.length > 0) linkSync(files[random(files.length)] as string, path);
    else {
      writeFileSync(path, "x".repeat(random(3) === 0 ? random(40_000) : random(1025)), { mode: 0o600 + random(0o200) });
      if (kind === 4) truncateSync(path, 100_000 + random(2 ** 20));
      files.push(path);
    }
    if (kind !== 2) utimesSync(path, random(2 ** 31), random(2 ** 31));
  }
}

const shortStems = ["f", "name with space", "ü", "new\nline", "-dash"];
const longStems = [...shortStems, "x".repeat(90), "y".repeat(200)];

/** Path, mode, owner, size, time and target of everything in a tree. */
function inventory(root: string): string {
  const format = "%P\\0%y %m %U:%G %T@ %n %l\\0";
  const text = execFileSync("find", [root, "-mindepth", "1", "-printf", format], { maxBuffer: 64 << 20 }).toString(
    "latin1",
  );
  return text.split("\0").sort().join("\n");
}

describe("unpackLayer() and GNU tar make the same of random trees", () => {
  const cases = ["gnu", "pax", "oldgnu", "ustar"].flatMap((format) => [1, 2, 3].map((seed) => [format, seed] as const));

  it.each(cases)("in format %s, seed %d", async (format, seed) => {
    const box = createSandbox();
    growTree(join(box.path, "tree"), createRandom(seed), format === "ustar" ? shortStems : longStems);
    const file = join(box.path, "blob-tree");
    const sparse = format === "ustar" ? [] : ["--sparse"];
    execFileSync("tar", [`--format=${format}`, ...sparse, "-cf", file, "-C", join(box.path, "tree"), "."]);
    mkdirSync(join(box.path, "expected"));
    execFileSync("tar", ["-xpf", file, "-C", join(box.path, "expected")], { stdio: "ignore" });

    await box.unpack(gzipSync(readFileSync(file)));
    expect(describeTree(box.layer)).toEqual(describeTree(join(box.path, "expected")));
    expect(inventory(box.layer)).toBe(inventory(join(box.path, "expected")));
    expect(Object.keys(box.tree()).length).toBeGreaterThan(20);
  });
});

describe("unpackLayer() with damaged archives", () => {
  const seeds = Array.from({ length: 12 }, (_, index) => index + 1);

  it.each(seeds)("succeeds or says what is wrong, and touches nothing outside, seed %d", async (seed) => {
    const random = createRandom(seed);
    for (let round = 0; round < 25; round++) {
      const box = createSandbox();
      const blob = mutate(seedArchive(box.path), random);
      const whiteouts = random(2) === 0 ? "overlay" : "merged";
      const error = await box.unpack(random(3) === 0 ? gzipSync(blob) : blob, { whiteouts }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error !== undefined) expect(error, `seed ${seed}, round ${round}`).toHaveProperty("name", "DhowError");
      expect(box.outside()).toEqual({ secret: "file untouched" });
    }
  });
});

/** An archive in which every kind of entry and header comes, close to harm already. */
function seedArchive(path: string): Buffer {
  const entries: (EntryFields | Buffer)[] = [
    { name: "./", type: "5" },
    { name: "dir/", type: "5", mode: 0o2755 },
    { name: "dir/file", content: "content".repeat(100) },
    { name: "out", type: "2", linkName: join(path, "outside") },
    { name: "out/secret", content: "evil" },
    { name: "hard", type: "1", linkName: "dir/file" },
    { name: "up", type: "2", linkName: "../outside" },
    { name: "up/.wh.secret" },
    { name: "dir/.wh..wh..opq" },
    paxHeader({ path: "long/path", mtime: "1.5", "SCHILY.xattr.user.x": "1" }),
    { name: "x", content: "1" },
    gnuLong("L", "longer/name"),
    { name: "y", content: "2" },
    paxHeader({ "GNU.sparse.size": "2048", "GNU.sparse.map": "0,512,1024,512" }),
    { name: "sparse", content: "s".repeat(1024) },
    { name: "dir", type: "2", linkName: "out" },
    { name: "dir/file", content: "evil" },
    { name: "pipe", type: "6" },
  ];
  return archive(...entries);
}

/** Flips bits, copies and removes stretches, and puts checksums right again in most headers, so that the damage gets past them. */
function mutate(blob: Buffer, random: Random): Buffer {
  let copy = Buffer.from(blob);
  for (let count = 1 + random(6); count > 0; count--) {
    const at = random(copy.length);
    const kind = random(5);
    if (kind === 0) copy = copy.subarray(0, at);
    else if (kind === 1)
      copy = Buffer.concat([copy.subarray(0, at - (at % 512)), copy.subarray(random(copy.length / 512) * 512)]);
    else if (kind === 2) copy.copy(copy, at, random(copy.length), random(copy.length));
    else
      copy[at - (at % 512) + random(345)] =
        random(3) === 0 ? random(256) : "./0123456789=wh\n\0".charCodeAt(random(17));
    if (copy.length === 0) return copy;
  }
  for (let at = 0; at + 512 <= copy.length; at += 512) {
    if (copy.toString("latin1", at + 257, at + 262) === "ustar" && random(20) > 0) sign(copy.subarray(at, at + 512));
  }
  return copy;
}
