import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { PackSource } from "../../../src/storage/pack/pack-tree.ts";
import { libc } from "../../../src/system/libc.ts";
import { describeTree } from "../unpack/sandbox.ts";
import { type Bench, inventory, openBench } from "./bench.ts";

/** What a container does to its image, run in the merged tree. */
const changes = `
  rm gone; rm -r folder-gone; rm -r replaced-folder; echo file > replaced-folder
  rm replaced-file; mkdir replaced-file; echo in > replaced-file/in
  rm -r emptied; mkdir emptied; echo new > emptied/new
  mkdir -p fresh/deep; echo new > fresh/deep/file; ln fresh/deep/file fresh/hard
  echo more >> sub/dir/changed; chmod 700 sub; rm sub/dir/removed; rmdir sub/dir/empty-folder
  mv sub/moved sub/to; ln -sfn elsewhere link; chmod 4711 mode; touch -d @1000 dated
  chmod 751 .`;

function fillBase(path: string): void {
  const script = `
    for f in gone replaced-file mode dated same; do echo $f > $f; done
    mkdir folder-gone replaced-folder emptied sub sub/dir sub/dir/empty-folder sub/moved untouched
    for f in folder-gone/a replaced-folder/b emptied/old sub/dir/changed sub/dir/removed sub/moved/c untouched/d; do echo $f > $f; done
    ln -s somewhere link; ln same untouched/hard`;
  execFileSync("sh", ["-ec", script], { cwd: path });
  execFileSync("find", [path, "-exec", "touch", "-h", "-d", "@1500000000.123456789", "{}", "+"]);
}

/** Lays a packed layer over a copy of the base, as the vfs driver has it. */
async function apply(bench: Bench, base: string, source: PackSource): Promise<{ tree: string; names: string[] }> {
  const { file } = await bench.pack(source);
  const tree = `${bench.path}/applied`;
  execFileSync("cp", ["-a", base, tree]);
  await bench.unpack(file, { directory: tree, whiteouts: "merged" });
  const listing = execFileSync("tar", ["-tf", "-"], { input: gunzipSync(readFileSync(file)), encoding: "utf8" });
  return { tree, names: listing.trimEnd().split("\n") };
}

/** The tree as a layer can tell it, and as a folder whose content was changed has another time than one that says so. */
function seen(tree: string): string {
  return inventory(tree).replaceAll(/^(d.*|.* d \d+ \d+:\d+) \d{9,10}(?= )/gm, "$1");
}

const expectedNames = [
  "./",
  "dated",
  "emptied/",
  "emptied/.wh..wh..opq",
  "emptied/new",
  "link",
  ".wh.gone",
  ".wh.folder-gone",
];

function inNamespace(script: string, cwd: string) {
  const flags = process.getuid?.() === 0 ? "-m" : "-Urm";
  return spawnSync("unshare", [flags, "sh", "-ec", script], { cwd, encoding: "utf8" });
}

const mounts = {
  "kernel overlay": "mount -t overlay overlay -o userxattr,lowerdir=base,upperdir=up,workdir=work merged",
  "fuse-overlayfs": "fuse-overlayfs -o lowerdir=base,upperdir=up,workdir=work merged",
};

describe("packTree() of an overlay's upper folder", () => {
  it.for(Object.entries(mounts))("says what was done through %s", async ([name, command], { skip }) => {
    const bench = openBench();
    const base = bench.folder("base", fillBase);
    const upper = bench.folder("up");
    for (const folder of ["work", "merged", "expected"]) bench.folder(folder);
    const mounted = inNamespace(`${command}; umount merged`, bench.path);
    skip(mounted.status !== 0, `${name} cannot be mounted here: ${mounted.stderr}`);
    const script = `${command}\n(cd merged; ${changes})\ncp -a merged/. expected\numount merged`;
    expect(inNamespace(script, bench.path)).toMatchObject({ status: 0 });

    const usesWhiteoutFiles = name === "fuse-overlayfs";
    const lowerDirectories = [base];
    const applied = await apply(bench, base, { kind: "upper", directory: upper, lowerDirectories, usesWhiteoutFiles });
    expect(describeTree(applied.tree)).toEqual(describeTree(`${bench.path}/expected`));
    expect(seen(applied.tree)).toBe(seen(`${bench.path}/expected`));
    expect(applied.names).toEqual(expect.arrayContaining(expectedNames));
    // There was nothing below: saying that all is gone would say too much.
    expect(applied.names).not.toContain("fresh/.wh..wh..opq");
    expect(applied.names).not.toContain("same");
  });

  it("takes .wh. files for deletions only where the driver writes them", async () => {
    const bench = openBench();
    const base = bench.folder("base", (path) => writeFileSync(`${path}/a`, "a"));
    const upper = bench.folder("up", (path) => {
      writeFileSync(`${path}/.wh.a`, "");
      mkdirSync(`${path}/folder`);
      writeFileSync(`${path}/folder/.wh..wh..opq`, "");
    });
    const source = { kind: "upper", directory: upper, lowerDirectories: [base] } as const;
    const fuse = await apply(bench, base, { ...source, usesWhiteoutFiles: true });
    expect(describeTree(fuse.tree)).toEqual({ folder: "directory" });
    const kernel = await bench.pack({ ...source, usesWhiteoutFiles: false });
    expect(kernel.warnings).toEqual([expect.stringContaining("2 files are left out")]);
  });

  it("knows the other marks of overlays", async () => {
    const bench = openBench();
    const base = bench.folder("base", (path) => {
      mkdirSync(`${path}/folder`);
      for (const name of ["folder/old", "deleted", "kept"]) writeFileSync(`${path}/${name}`, name);
    });
    const upper = bench.folder("up", (path) => {
      mkdirSync(`${path}/folder`);
      libc().setXattr(`${path}/folder`, "user.fuseoverlayfs.opaque", Buffer.from("y"));
      writeFileSync(`${path}/deleted`, "");
      libc().setXattr(`${path}/deleted`, "user.overlay.whiteout", Buffer.from("y"));
    });
    const { tree } = await apply(bench, base, {
      ...{ kind: "upper", directory: upper, lowerDirectories: [base] },
      usesWhiteoutFiles: false,
    });
    expect(describeTree(tree)).toEqual({ folder: "directory", kept: "file kept" });
  });
});

describe("packTree() of a tree and its base", () => {
  it("says what has changed, and nothing else", async () => {
    const bench = openBench();
    const base = bench.folder("base", fillBase);
    const copy = `${bench.path}/copy`;
    execFileSync("cp", ["-a", base, copy]);
    execFileSync("sh", ["-ec", changes], { cwd: copy });
    const applied = await apply(bench, base, { kind: "changes", directory: copy, base });
    expect(describeTree(applied.tree)).toEqual(describeTree(copy));
    expect(seen(applied.tree)).toBe(seen(copy));
    expect(applied.names).toEqual(expect.arrayContaining(["./", "dated", "link", ".wh.gone", "sub/dir/changed"]));
    for (const name of ["same", "untouched/", "untouched/d", "sub/dir/"]) {
      expect(applied.names.includes(name), name).toBe(name === "sub/dir/");
    }
  });

  it("is an empty archive for equal trees", async () => {
    const bench = openBench();
    const base = bench.folder("base", fillBase);
    execFileSync("cp", ["-a", base, `${bench.path}/copy`]);
    const { file } = await bench.pack({ kind: "changes", directory: `${bench.path}/copy`, base });
    expect(gunzipSync(readFileSync(file))).toEqual(Buffer.alloc(1024));
  });
});
