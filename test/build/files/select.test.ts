import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestItems } from "../../../src/build/files/digest.ts";
import { excluder } from "../../../src/build/files/exclude.ts";
import { putItems } from "../../../src/build/files/put.ts";
import { type SourceTree, selectSources, wholeTree } from "../../../src/build/files/select.ts";

let folder: string;
let tree: SourceTree;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dhow-select-"));
  mkdirSync(`${folder}/src/deep/er`, { recursive: true });
  for (const name of ["a.txt", "b.md", "src/c.txt", "src/deep/d.txt", "src/deep/er/e.txt"]) {
    writeFileSync(`${folder}/${name}`, name);
  }
  tree = wholeTree(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const plain = { excludes: () => false, keepsParents: false };
const targets = (sources: string[], options: Partial<Parameters<typeof selectSources>[2]> = {}) =>
  selectSources(tree, sources, { ...plain, ...options }).flatMap(({ entries }) => entries.map(({ target }) => target));

describe("selectSources()", () => {
  it("takes a file by its name and a directory by what is in it", () => {
    expect(targets(["a.txt"])).toEqual(["a.txt"]);
    expect(targets(["src"])).toEqual(["", "c.txt", "deep", "deep/d.txt", "deep/er", "deep/er/e.txt"]);
  });

  it("reads patterns part by part, and ** as any directories", () => {
    expect(targets(["*.txt"])).toEqual(["a.txt"]);
    expect(targets(["src/*/d.???"])).toEqual(["d.txt"]);
    expect(targets(["**/*.txt"])).toEqual(["a.txt", "c.txt", "d.txt", "e.txt"]);
  });

  it("keeps the way to a source with --parents, or what of it is behind /./", () => {
    expect(targets(["src/deep/d.txt"], { keepsParents: true })).toEqual(["src", "src/deep", "src/deep/d.txt"]);
    expect(targets(["src/./deep/d.txt"], { keepsParents: true })).toEqual(["deep", "deep/d.txt"]);
  });

  it("leaves out what --exclude says, counted from the source", () => {
    expect(targets(["src"], { excludes: excluder(["deep/er", "c.*"]) })).toEqual(["", "deep", "deep/d.txt"]);
    expect(targets(["a.txt", "b.md"], { excludes: excluder(["*.txt"]) }).length).toBe(1);
  });

  it("never leaves the tree", () => {
    symlinkSync("/etc/passwd", `${folder}/link`);
    expect(() => targets(["link"])).toThrow("no such file or directory");
    expect(targets(["../../a.txt"])).toEqual(["a.txt"]);
  });

  it("looks into an ignored directory only for what is taken in again", () => {
    tree = {
      ...tree,
      isIgnored: (path) => path.startsWith("src") && path !== "src/deep/d.txt",
      mayHoldIncluded: (path) => path.startsWith("src"),
    };
    expect(targets(["."])).toEqual(["", "a.txt", "b.md", "src", "src/deep", "src/deep/d.txt"]);
  });

  it("says what is not there, what is ignored, and by what", () => {
    expect(() => targets(["nothing"])).toThrow('copier: stat: "/nothing": no such file or directory');
    tree = { ...tree, isIgnored: () => true, ignoredBy: () => "*.txt" };
    expect(() => targets(["a.txt"])).toThrow('no items matching glob "/a.txt" copied (1 filtered out');
  });
});

describe("digestItems()", () => {
  const digest = () => digestItems(selectSources(tree, ["."], plain), false);

  it("does not depend on times, but on names, modes and content", async () => {
    const before = await digest();
    utimesSync(`${folder}/a.txt`, 1, 1);
    expect(await digest()).toBe(before);
    chmodSync(`${folder}/a.txt`, 0o755);
    const changed = await digest();
    expect(changed).not.toBe(before);
    writeFileSync(`${folder}/src/deep/er/e.txt`, "other");
    expect(await digest()).not.toBe(changed);
  });
});

describe("putItems()", () => {
  const put = async (sources: string[], destination: string, more = {}) => {
    const rootfs = join(folder, "root");
    mkdirSync(rootfs, { recursive: true });
    const options = { rootfs, destination, owner: undefined, changeMode: undefined, intoFolder: sources.length > 1 };
    await putItems(selectSources(tree, sources, plain), { ...options, ...more });
    return rootfs;
  };

  it("copies a file to a name, and into a directory", async () => {
    const root = await put(["a.txt"], "/x/renamed");
    await put(["a.txt"], "/x/");
    expect(readFileSync(`${root}/x/renamed`, "utf8")).toBe("a.txt");
    expect(readFileSync(`${root}/x/a.txt`, "utf8")).toBe("a.txt");
  });

  it("keeps times, links and files with several names", async () => {
    utimesSync(`${folder}/src/c.txt`, 5, 5);
    linkSync(`${folder}/src/c.txt`, `${folder}/src/hard`);
    symlinkSync("c.txt", `${folder}/src/soft`);
    const root = await put(["src"], "/y");
    expect(lstatSync(`${root}/y/c.txt`)).toMatchObject({ mtimeMs: 5000, nlink: 2 });
    expect(readlinkSync(`${root}/y/soft`)).toBe("c.txt");
  });

  it("follows links of the image within it, and replaces those in the place of a file", async () => {
    const root = join(folder, "root");
    mkdirSync(`${root}/real`, { recursive: true });
    symlinkSync("/real", `${root}/deep`);
    symlinkSync("/etc/hostname", `${root}/c.txt`);
    await put(["src"], "/");
    expect(readFileSync(`${root}/real/d.txt`, "utf8")).toBe("src/deep/d.txt");
    expect(lstatSync(`${root}/c.txt`).isSymbolicLink()).toBe(false);
  });

  it("refuses to put a file in the place of a directory", async () => {
    mkdirSync(join(folder, "root/x/a.txt"), { recursive: true });
    await expect(put(["a.txt"], "/x/")).rejects.toThrow("cannot overwrite the directory a.txt with a file");
  });
});
