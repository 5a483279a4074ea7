import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openLowerTree } from "../../../src/storage/pack/lower-tree.ts";
import { libc } from "../../../src/system/libc.ts";
import { itAsRoot } from "../unpack/sandbox.ts";
import { openBench } from "./bench.ts";

describe("openLowerTree()", () => {
  it.runIf(itAsRoot)("shows layers as an overlay of them would", () => {
    const bench = openBench();
    const base = bench.folder("base", (path) => {
      for (const folder of ["both", "opaque", "gone", "filed"]) {
        mkdirSync(`${path}/${folder}`);
        writeFileSync(`${path}/${folder}/old`, "old");
      }
      writeFileSync(`${path}/deleted`, "old");
    });
    const top = bench.folder("top", (path) => {
      for (const folder of ["both", "opaque"]) {
        mkdirSync(`${path}/${folder}`);
        writeFileSync(`${path}/${folder}/new`, "new");
      }
      libc().setXattr(`${path}/opaque`, "user.overlay.opaque", Buffer.from("y"));
      for (const name of ["gone", "deleted"]) libc().mknod(`${path}/${name}`, 0o020000, { major: 0, minor: 0 });
      writeFileSync(`${path}/filed`, "a file now");
    });
    const tree = openLowerTree([top, base]);
    const isThere = (path: string) => tree.find(path) !== undefined;
    expect(["both/old", "both/new", "opaque/new", "filed", ""].map(isThere)).toEqual([true, true, true, true, true]);
    expect(["opaque/old", "gone", "gone/old", "deleted", "filed/old", "nowhere/x"].map(isThere)).not.toContain(true);
    expect(tree.names("both")).toEqual(["new", "old"]);
    expect(tree.names("opaque")).toEqual(["new"]);
    expect(tree.names("gone")).toEqual([]);
  });

  it("does not follow links out of the layers", () => {
    const bench = openBench();
    const base = bench.folder("base", (path) => symlinkSync("/etc", `${path}/link`));
    const tree = openLowerTree([base]);
    expect(tree.find("link")?.isSymbolicLink()).toBe(true);
    expect(tree.find("link/passwd")).toBeUndefined();
  });
});
