import {
  chmodSync,
  existsSync,
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
import { describe, expect, it, onTestFinished } from "vitest";
import { locate } from "../../../src/storage/copy/locate.ts";
import { createPutter } from "../../../src/storage/copy/put.ts";
import { takeTree } from "../../../src/storage/copy/take.ts";
import { encodeEntry, endOfArchive, type TarEntry } from "../../../src/storage/pack/tar-entry.ts";
import { createTarParser } from "../../../src/storage/unpack/tar-parser.ts";

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "dhow-copy-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

function put(directory: string, chunks: Iterable<Buffer>, overwrite = false): string[] {
  const putter = createPutter({ directory, owner, overwrite, skipsDevices: true });
  const parser = createTarParser(putter);
  for (const chunk of chunks) parser.push(chunk);
  parser.end();
  return putter.finish();
}

function entry(name: string, type: TarEntry["type"], more: Partial<TarEntry> = {}): Buffer {
  return encodeEntry({ name, type, mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 1000, ...more });
}

describe("takeTree() and createPutter()", () => {
  it("copy a tree as it is", () => {
    const [from, to] = [folder(), folder()];
    mkdirSync(`${from}/tree/empty`, { recursive: true });
    writeFileSync(`${from}/tree/script`, "#!/bin/sh\n");
    chmodSync(`${from}/tree/script`, 0o4755);
    linkSync(`${from}/tree/script`, `${from}/tree/twin`);
    symlinkSync("/etc/passwd", `${from}/tree/link`);
    writeFileSync(`${from}/tree/${"long".repeat(60)}`, "x".repeat(700_000));
    utimesSync(`${from}/tree/empty`, 5000, 5000);
    expect(put(to, takeTree(`${from}/tree`, "copy"))).toEqual([]);
    const copied = lstatSync(`${to}/copy/script`);
    expect(copied.mode & 0o7777).toBe(0o4755);
    expect(lstatSync(`${to}/copy/twin`).ino).toBe(copied.ino);
    expect(readlinkSync(`${to}/copy/link`)).toBe("/etc/passwd");
    expect(readFileSync(`${to}/copy/${"long".repeat(60)}`, "utf8")).toBe("x".repeat(700_000));
    expect(lstatSync(`${to}/copy/empty`).mtimeMs).toBe(5_000_000);
  });

  it("copy the content of a folder, and a file under another name", () => {
    const [from, to] = [folder(), folder()];
    writeFileSync(`${from}/a`, "1");
    put(to, takeTree(from, undefined));
    put(to, takeTree(`${from}/a`, "b"));
    expect([readFileSync(`${to}/a`, "utf8"), readFileSync(`${to}/b`, "utf8")]).toEqual(["1", "1"]);
  });
});

describe("createPutter()", () => {
  it("leads nowhere above its folder", () => {
    const top = folder();
    mkdirSync(`${top}/in`);
    put(`${top}/in`, [entry("../../out", "0"), entry("/abs", "0"), entry("x/../../y", "0"), endOfArchive]);
    expect(existsSync(`${top}/out`)).toBe(false);
    expect(["out", "abs", "y"].map((name) => existsSync(`${top}/in/${name}`))).toEqual([true, true, true]);
  });

  it("replaces a link instead of writing through it", () => {
    const to = folder();
    writeFileSync(`${to}/target`, "kept");
    symlinkSync("target", `${to}/link`);
    put(to, [entry("link", "0"), endOfArchive]);
    expect(readFileSync(`${to}/target`, "utf8")).toBe("kept");
    expect(lstatSync(`${to}/link`).isFile()).toBe(true);
  });

  it("does not put folders and files in each other's place, unless it may", () => {
    const to = folder();
    mkdirSync(`${to}/d`);
    writeFileSync(`${to}/f`, "");
    writeFileSync(`${to}/d/inside`, "");
    expect(() => put(to, [entry("d", "0"), endOfArchive])).toThrow(/^error creating ".*\/d": .*: file exists$/);
    expect(() => put(to, [entry("f/", "5"), endOfArchive])).toThrow(/^error creating ".*\/f": .*: file exists$/);
    put(to, [entry("d", "0"), entry("f/", "5", { mode: 0o755 }), endOfArchive], true);
    expect([lstatSync(`${to}/d`).isFile(), lstatSync(`${to}/f`).isDirectory()]).toEqual([true, true]);
  });
});

describe("locate()", () => {
  it("follows links inside of the root, and tells where something absent would be", () => {
    const root = folder();
    mkdirSync(`${root}/real`);
    writeFileSync(`${root}/real/f`, "");
    symlinkSync("/real", `${root}/abs`);
    symlinkSync("../../../../real", `${root}/up`);
    symlinkSync("/nowhere/x", `${root}/dangling`);
    symlinkSync("loop", `${root}/loop`);
    expect(locate("/abs/f", root)).toEqual({ kind: "file", target: "/real/f" });
    expect(locate("/up/.", root)).toEqual({ kind: "directory", target: "/real" });
    expect(locate("/dangling", root)).toEqual({ kind: "absent", target: "/nowhere/x" });
    expect(locate("/..", root)).toEqual({ kind: "directory", target: "/" });
    expect(() => locate("/loop", root)).toThrow(/too many levels/);
  });
});
