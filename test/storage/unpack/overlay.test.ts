import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { archive } from "./archive.ts";
import { createSandbox } from "./sandbox.ts";

/** Runs a script in a mount namespace in which it may mount overlays. */
function inNamespace(script: string, cwd: string): { status: number | null; stdout: string; stderr: string } {
  const flags = process.getuid?.() === 0 ? "-m" : "-Urm";
  return spawnSync("unshare", [flags, "sh", "-ec", script], { cwd, encoding: "utf8" });
}

const mounts = {
  "kernel overlay":
    "mount -t overlay overlay -o userxattr,lowerdir=top/layer:bottom/layer,upperdir=up,workdir=work merged",
  "fuse-overlayfs": "fuse-overlayfs -o lowerdir=top/layer:bottom/layer,upperdir=up,workdir=work merged",
};

/** Whether such a file system can be mounted here at all. */
function canMount(command: string): boolean {
  const { path } = createSandbox();
  for (const name of ["top/layer", "bottom/layer", "up", "work", "merged"])
    mkdirSync(join(path, name), { recursive: true });
  return inNamespace(`${command}\numount merged`, path).status === 0;
}

describe("whiteouts of unpackLayer()", () => {
  it.for(Object.entries(mounts))("are understood by %s", async ([name, command], { skip }) => {
    skip(!canMount(command), `${name} cannot be mounted here`);
    const box = createSandbox();
    for (const folder of ["top/layer", "bottom/layer", "up", "work", "merged"])
      mkdirSync(join(box.path, folder), { recursive: true });
    await box.unpack(
      archive(
        { name: "kept/file" },
        { name: "kept/gone" },
        { name: "opaque/old" },
        { name: "folder/old" },
        { name: "deleted/old" },
        { name: "replaced", content: "file" },
      ),
      { directory: join(box.path, "bottom/layer") },
    );
    await box.unpack(
      archive(
        { name: "kept/.wh.gone" },
        { name: "opaque/new" },
        { name: "opaque/.wh..wh..opq" },
        { name: ".wh.folder" },
        { name: "folder/new" },
        { name: ".wh.deleted" },
        { name: "replaced/by", content: "folder" },
      ),
      { directory: join(box.path, "top/layer") },
    );
    const { stdout, stderr } = inNamespace(
      `${command} 2>/dev/null\n(cd merged && find . -type f | sort)\numount merged`,
      box.path,
    );
    expect(stderr).toBe("");
    expect(stdout.trim().split("\n")).toEqual(["./folder/new", "./kept/file", "./opaque/new", "./replaced/by"]);
  });
});
