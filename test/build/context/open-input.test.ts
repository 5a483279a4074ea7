import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fetchGit } from "../../../src/build/context/fetch-git.ts";
import { parseGitSource } from "../../../src/build/context/git-source.ts";
import { type InputOptions, openInput, openNamedContext } from "../../../src/build/context/open-input.ts";
import type { Paths } from "../../../src/system/paths.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "dhow-context-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): string {
  const full = join(root, path);
  mkdirSync(join(full, ".."), { recursive: true });
  writeFileSync(full, text);
  return full;
}

function open(options: Partial<InputOptions>) {
  const paths = { data: join(root, "data") } as Paths;
  const usual = { source: undefined, files: [], ignoreFile: undefined, cppFlags: [] };
  return openInput({ paths }, { ...usual, signal: new AbortController().signal, ...options });
}

function archive(name: string, ...flags: string[]): string {
  const file = join(root, name);
  execFileSync("tar", ["-C", join(root, "src"), ...flags, "-cf", file, "."]);
  return file;
}

describe("openInput()", () => {
  it("takes Containerfile before Dockerfile, and the ignore file that is next to it before that of the context", async () => {
    write("src/Containerfile", "FROM a");
    write("src/Dockerfile", "FROM b");
    write("src/.dockerignore", "far");
    write("src/.containerignore", "nearer");
    {
      using input = await open({ source: join(root, "src") });
      expect(input.dockerfile).toEqual({ text: "FROM a\n", name: join(root, "src/Containerfile") });
      expect(input.context?.ignoredBy("nearer/x")).toBe("nearer");
      expect(input.context?.isIgnored("far")).toBe(false);
    }
    write("src/Containerfile.dockerignore", "nearest");
    using input = await open({ source: join(root, "src") });
    expect(input.context?.isIgnored("nearest")).toBe(true);
    expect(input.context?.isIgnored("nearer")).toBe(false);
  });

  it("takes the ignore file that was named", async () => {
    write("src/Dockerfile", "FROM b");
    write("src/.dockerignore", "far");
    const ignoreFile = write("mine", "own");
    using input = await open({ source: join(root, "src"), ignoreFile });
    expect(input.context?.isIgnored("own")).toBe(true);
    expect(input.context?.isIgnored("far")).toBe(false);
    await expect(open({ source: join(root, "src"), ignoreFile: `${ignoreFile}x` })).rejects.toThrow(
      "no such ignore file",
    );
  });

  it("finds --file within the context, and takes its folder as context if there is no other", async () => {
    const file = write("src/docker/web.Dockerfile", "FROM a\n");
    using input = await open({ source: join(root, "src"), files: ["docker/web.Dockerfile"] });
    expect(input.dockerfile).toEqual({ text: "FROM a\n", name: "docker/web.Dockerfile" });
    expect(input.context?.directory).toBe(join(root, "src"));
    using other = await open({ files: [file] });
    expect(other.context?.directory).toBe(join(root, "src/docker"));
  });

  it("reads several files one after the other", async () => {
    const files = [write("a", "FROM a"), write("b", "RUN b\n")];
    using input = await open({ source: root, files });
    expect(input.dockerfile.text).toBe("FROM a\nRUN b\n");
  });

  it.each([
    ["context.tar", []],
    ["context.tar.gz", ["-z"]],
    ["context.tar.xz", ["-J"]],
  ])("unpacks %s, and removes it in the end", async (name, flags) => {
    write("src/Dockerfile", "FROM a\n");
    write("src/dir/file", "x");
    const source = archive(name, ...flags);
    let directory: string;
    {
      using input = await open({ source });
      directory = input.context?.directory ?? "";
      expect(input.dockerfile).toEqual({ text: "FROM a\n", name: "Dockerfile" });
      expect(readdirSync(directory).sort()).toEqual(["Dockerfile", "dir"]);
    }
    expect(existsSync(directory)).toBe(false);
    expect(readdirSync(join(root, "data/tmp"))).toEqual([]);
  });

  it("does not follow links out of an archive", async () => {
    write("secret", "FROM secret");
    mkdirSync(join(root, "src"));
    symlinkSync(join(root, "secret"), join(root, "src/Dockerfile"));
    await expect(open({ source: archive("context.tar") })).rejects.toThrow("Dockerfile leads out of the build context");
  });

  it("says what is missing or wrong", async () => {
    mkdirSync(join(root, "src/Dockerfile"), { recursive: true });
    const file = write("file", "FROM a");
    await expect(open({ source: join(root, "none") })).rejects.toThrow(`no such directory: ${join(root, "none")}`);
    await expect(open({ source: file })).rejects.toThrow(`context must be a directory: "${file}"`);
    await expect(open({ source: join(root, "src") })).rejects.toThrow("cannot be path to a directory");
    await expect(open({ source: join(root, "src"), files: ["Other"] })).rejects.toThrow(
      `the specified Containerfile or Dockerfile does not exist, ${join(root, "src/Other")}: no such file or directory`,
    );
    rmSync(join(root, "src/Dockerfile"), { recursive: true });
    await expect(open({ source: join(root, "src") })).rejects.toThrow(
      `no Containerfile or Dockerfile specified or found in context directory, ${join(root, "src")}: no such file or directory`,
    );
  });
});

describe("openNamedContext()", () => {
  it("opens a directory with its ignore file, and nothing that is none", async () => {
    write("src/.dockerignore", "out");
    const engine = { paths: { data: join(root, "data") } as Paths };
    const { signal } = new AbortController();
    using context = await openNamedContext(engine, join(root, "src"), signal);
    expect(context.tree.directory).toBe(join(root, "src"));
    expect(context.tree.isIgnored("out/x")).toBe(true);
    await expect(openNamedContext(engine, write("file", "x"), signal)).rejects.toThrow("context must be a directory");
  });
});

describe("parseGitSource()", () => {
  const all = {
    ref: undefined,
    checksum: undefined,
    subdirectory: "",
    keepsGitDirectory: undefined,
    withSubmodules: true,
  };

  it.each([
    ["https://host/a.git", { ...all, remote: "https://host/a.git" }],
    ["https://host/a.git#main", { ...all, remote: "https://host/a.git", ref: "main" }],
    [
      "https://host/a.git#v1:docker/web",
      { ...all, remote: "https://host/a.git", ref: "v1", subdirectory: "docker/web" },
    ],
    ["https://host/a.git#:docker", { ...all, remote: "https://host/a.git", subdirectory: "docker" }],
    ["git@host:a/b.git#x", { ...all, remote: "git@host:a/b.git", ref: "x" }],
    ["ssh://git@host/a", { ...all, remote: "ssh://git@host/a" }],
    ["git://host/a", { ...all, remote: "git://host/a" }],
    [
      "https://h/a.git?tag=v1&subdir=x&commit=ab&keep-git-dir=1&submodules=false",
      {
        ...{ remote: "https://h/a.git", ref: "refs/tags/v1", subdirectory: "x", checksum: "ab" },
        ...{ keepsGitDirectory: true, withSubmodules: false },
      },
    ],
  ])("reads %s", (address, expected) => {
    expect(parseGitSource(address)).toEqual(expected);
  });

  it.each(["https://host/a.tar.gz", "./a.git", "a.git", "github.com/a/b", "file:///a.git", "ext::sh -c x"])(
    "leaves %s alone",
    (address) => {
      expect(parseGitSource(address)).toBeUndefined();
    },
  );

  it("takes github.com/ for a repository only where that is asked for", () => {
    expect(parseGitSource("github.com/a/b#c", true)).toMatchObject({ remote: "https://github.com/a/b", ref: "c" });
  });

  it.each([
    ["https://h/a.git?x=1", 'unexpected query "x"'],
    ["https://h/a.git?ref=a#b", "two refs in one address: b and a"],
    ["https://h/a.git#--upload-pack=x", 'invalid git ref "--upload-pack=x"'],
  ])("refuses %s", (address, message) => {
    expect(() => parseGitSource(address)).toThrow(message);
  });
});

describe("fetchGit()", () => {
  function git(...words: string[]): string {
    const identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"];
    return execFileSync("git", ["-C", join(root, "src"), ...identity, ...words], { encoding: "utf8" }).trim();
  }

  function repository() {
    write("src/sub/file", "one");
    git("init", "-q");
    git("add", ".");
    git("commit", "-qm", "one");
    const first = git("rev-parse", "HEAD");
    git("tag", "v1");
    write("src/new", "two");
    git("add", ".");
    git("commit", "-qm", "two");
    return { remote: `file://${root}/src`, first };
  }

  const usual = {
    ref: undefined,
    checksum: undefined,
    subdirectory: "",
    keepsGitDirectory: undefined,
    withSubmodules: true,
  };

  it("fetches what HEAD is, a tag, and part of a commit's id, without the history's folder", async () => {
    const { remote, first } = repository();
    const options = { keepsGitDirectory: false };
    const head = await fetchGit({ ...usual, remote }, join(root, "head"), options);
    expect(readdirSync(head.directory).sort()).toEqual(["new", "sub"]);
    const tag = await fetchGit({ ...usual, remote, ref: "v1", subdirectory: "sub" }, join(root, "tag"), options);
    expect(tag).toEqual({ directory: join(root, "tag/sub"), commit: first });
    const part = await fetchGit({ ...usual, remote, ref: first.slice(0, 10) }, join(root, "part"), options);
    expect(part.commit).toBe(first);
    const kept = await fetchGit({ ...usual, remote }, join(root, "kept"), { keepsGitDirectory: true });
    expect(readdirSync(kept.directory)).toContain(".git");
  });

  it("refuses another commit than was asked for, folders that are not there or elsewhere, and unknown refs", async () => {
    const { remote } = repository();
    const options = { keepsGitDirectory: false };
    await expect(fetchGit({ ...usual, remote, checksum: "0000" }, join(root, "a"), options)).rejects.toThrow(
      "instead of 0000",
    );
    await expect(fetchGit({ ...usual, remote, subdirectory: "no" }, join(root, "b"), options)).rejects.toThrow(
      "there is no directory no in the build context",
    );
    await expect(fetchGit({ ...usual, remote, subdirectory: ".." }, join(root, "c"), options)).rejects.toThrow(
      ".. leads out of the build context",
    );
    await expect(fetchGit({ ...usual, remote, ref: "nope" }, join(root, "d"), options)).rejects.toThrow("git: ");
  });
});
