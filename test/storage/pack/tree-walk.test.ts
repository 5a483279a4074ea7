import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  closeFolder,
  findIn,
  type OpenFolder,
  openNode,
  openRoot,
  readFolder,
  type TreeNode,
} from "../../../src/storage/pack/tree-walk.ts";
import { openBench } from "./bench.ts";

function open(path: string): OpenFolder {
  const root = openRoot(path);
  onTestFinished(() => closeFolder(root));
  return root;
}

describe("a folder that is walked through", () => {
  it("is not left through a link that took the place of a folder", () => {
    const bench = openBench();
    const secret = bench.folder("secret", (path) => writeFileSync(`${path}/key`, "secret"));
    const tree = bench.folder("tree", (path) => mkdirSync(`${path}/inner`));
    const node = findIn(open(tree), "inner") as TreeNode;
    renameSync(`${tree}/inner`, `${tree}/moved`);
    symlinkSync(secret, `${tree}/inner`);
    expect(openNode(node)).toBeUndefined();
  });

  it("stays the one that was opened when its path leads elsewhere", () => {
    const bench = openBench();
    const secret = bench.folder("secret", (path) => writeFileSync(`${path}/key`, "secret"));
    const tree = bench.folder("tree", (path) => writeFileSync(`${path}/own`, "x"));
    const root = open(tree);
    renameSync(tree, `${bench.path}/moved`);
    symlinkSync(secret, tree);
    expect([...readFolder(root)].map(({ name }) => name)).toEqual(["own"]);
    expect(findIn(root, "key")).toBeUndefined();
  });

  it("leaves out what goes away meanwhile", () => {
    const bench = openBench();
    const tree = bench.folder("tree", (path) => {
      for (const name of ["a", "b", "c"]) writeFileSync(`${path}/${name}`, name);
    });
    const seen: string[] = [];
    for (const { name } of readFolder(open(tree))) {
      seen.push(name);
      rmSync(`${tree}/b`, { force: true });
    }
    expect(seen).toEqual(["a", "c"]);
  });

  it("can be as deep as no path may be long", () => {
    const bench = openBench();
    const tree = bench.folder("tree");
    const opened = [open(tree)];
    const name = "n".repeat(250);
    for (let depth = 0; depth < 40; depth++) {
      const parent = opened.at(-1) as OpenFolder;
      mkdirSync(`/proc/self/fd/${parent.fd}/${name}`);
      opened.push(openNode(findIn(parent, name) as TreeNode) as OpenFolder);
    }
    expect(opened.at(-1)?.path.length).toBeGreaterThan(4096);
    for (const folder of opened.slice(1)) closeFolder(folder);
  });
});
