import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { allocateOwnRange, findFreeRange } from "../../src/rootless/allocate-range.ts";
import { countIds, isMapped, layOutIds, parseIdMap } from "../../src/rootless/id-map.ts";
import { parseGetsubids, parseSubordinateIds, rangesOf } from "../../src/rootless/subordinate-ids.ts";

const wholeMachine = 4_294_967_295;

describe("rangesOf()", () => {
  const entries = parseSubordinateIds(
    [
      "alice:100000:65536",
      "# alice:1:1",
      "bob:300000:10",
      "1001:500000:1000",
      "alice:100000:65536",
      "alice:x:1",
      "alice:7:0",
      "alice:900000:5",
    ].join("\n"),
  );

  it("finds several ranges by name and by uid, in the file's order, each once", () => {
    expect(rangesOf(entries, { name: "alice", uid: 1001 })).toEqual([
      { start: 100000, size: 65536 },
      { start: 500000, size: 1000 },
      { start: 900000, size: 5 },
    ]);
  });

  it("finds none for a user who has none, or whose uid has no name", () => {
    expect(rangesOf(entries, { name: "carol", uid: 7 })).toEqual([]);
    expect(rangesOf(entries, { name: undefined, uid: 1001 })).toEqual([{ start: 500000, size: 1000 }]);
  });
});

describe("parseGetsubids()", () => {
  it("reads what getsubids(1) prints", () => {
    expect(parseGetsubids("0: alice 100000 65536\n1: alice 300000 10\n")).toEqual([
      { start: 100000, size: 65536 },
      { start: 300000, size: 10 },
    ]);
    expect(parseGetsubids("Error fetching ranges\n")).toEqual([]);
  });
});

describe("layOutIds()", () => {
  it("puts the user at 0 and the ranges behind it without gaps", () => {
    const mappings = layOutIds(1001, [
      { start: 100000, size: 10 },
      { start: 500000, size: 5 },
    ]);
    expect(mappings).toEqual([
      { containerId: 0, hostId: 1001, size: 1 },
      { containerId: 1, hostId: 100000, size: 10 },
      { containerId: 11, hostId: 500000, size: 5 },
    ]);
    expect(countIds(mappings)).toBe(16);
    expect([0, 15, 16].map((id) => isMapped(mappings, id))).toEqual([true, true, false]);
  });

  it("is what the kernel shows", () => {
    expect(parseIdMap("         0       1001          1\n         1     100000      65536\n")).toEqual(
      layOutIds(1001, [{ start: 100000, size: 65536 }]),
    );
  });
});

describe("findFreeRange()", () => {
  it.each([
    ["an empty file", [], 100000],
    ["one user", [{ start: 100000, size: 65536 }], 165536],
    [
      "a gap",
      [
        { start: 100000, size: 65536 },
        { start: 231072, size: 65536 },
      ],
      165536,
    ],
    [
      "a gap that is too small",
      [
        { start: 100000, size: 65536 },
        { start: 165540, size: 10 },
      ],
      165550,
    ],
    ["overlapping ranges below", [{ start: 50000, size: 100000 }], 150000],
  ])("starts right for %s", (_, taken, start) => {
    expect(findFreeRange(taken, wholeMachine)).toEqual({ start, size: 65536 });
  });

  it("takes all there is inside of a small user namespace", () => {
    expect(findFreeRange([], 65536)).toEqual({ start: 1, size: 65535 });
    expect(() => findFreeRange([{ start: 1, size: 10 }], 65536)).toThrow("too few ids");
  });
});

describe("allocateOwnRange()", () => {
  let folder: string;
  const files = () => ({ uid: join(folder, "subuid"), gid: join(folder, "subgid") });
  const root = { name: "root", uid: 0 };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "dhow-test-subid-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("adds the same free range to both files, for everybody to read, and leaves no locks", () => {
    writeFileSync(files().uid, "alice:100000:65536");
    writeFileSync(files().gid, "alice:100000:65536\nbob:165536:65536\n");
    const umask = process.umask(0o077);
    const range = allocateOwnRange(root, files());
    process.umask(umask);
    expect(range).toEqual({ start: 231072, size: 65536 });
    expect(readFileSync(files().uid, "utf8")).toBe("alice:100000:65536\nroot:231072:65536\n");
    expect(readFileSync(files().gid, "utf8")).toBe("alice:100000:65536\nbob:165536:65536\nroot:231072:65536\n");
    expect(statSync(files().uid).mode & 0o777).toBe(0o644);
    expect(readdirSync(folder).sort()).toEqual(["subgid", "subuid"]);
  });

  it("makes the files and finds the range again", () => {
    const range = allocateOwnRange(root, files());
    const text = readFileSync(files().uid, "utf8");
    expect(allocateOwnRange(root, files())).toEqual(range);
    expect(readFileSync(files().uid, "utf8")).toBe(text);
  });

  it("takes over the lock of a dead process", () => {
    writeFileSync(`${files().uid}.lock`, "999999999\0");
    expect(allocateOwnRange(root, files()).start).toBe(100000);
  });
});
