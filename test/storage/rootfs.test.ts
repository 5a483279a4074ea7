import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { forgetDriver } from "../../src/storage/choose-driver.ts";
import { fuseOverlayfsDriver } from "../../src/storage/fuse-overlayfs.ts";
import { overlayDriver } from "../../src/storage/overlay.ts";
import { bootId } from "../../src/system/clock.ts";
import { findProgram } from "../../src/system/process.ts";
import { makeScratch } from "./scratch.ts";

const fixture = new URL("fixtures/mount-layers.ts", import.meta.url).pathname;
const isPossible = spawnSync("unshare", ["-rm", "true"]).status === 0;
const hasFuse = isPossible && existsSync("/dev/fuse") && findProgram("fuse-overlayfs") !== undefined;

/** Runs the fixture as root of new user and mount namespaces. */
function mountLayers(root: string, driver: string, count: number) {
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", fixture];
  const { stdout, stderr } = spawnSync("unshare", ["-rm", ...node, root, driver, String(count)], { encoding: "utf8" });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}

const expected = {
  mounted: true,
  mode: "751",
  unmounted: true,
  layerKept: true,
  readOnly: "EROFS",
  left: false,
};

describe.skipIf(!isPossible)("root filesystem drivers", () => {
  it("overlay mounts 120 layers", () => {
    const { root } = makeScratch();
    const report = mountLayers(root, "overlay", 120);
    expect(report).toEqual({
      ...expected,
      driver: "overlay",
      files: 120,
      again: { new: "from the container", files: 120 },
    });
  });

  it.skipIf(!hasFuse)("fuse-overlayfs mounts 120 layers", () => {
    const { root } = makeScratch();
    expect(mountLayers(root, "fuse-overlayfs", 120)).toEqual({
      ...expected,
      driver: "fuse-overlayfs",
      files: 120,
      again: { new: "from the container", files: 120 },
    });
  });

  it("vfs copies the merged top layer", () => {
    const { root } = makeScratch();
    expect(mountLayers(root, "vfs", 3)).toEqual({
      ...expected,
      driver: "vfs",
      files: 1,
      again: { new: "from the container", files: 1 },
    });
  });

  it("works without any layer", () => {
    const { root } = makeScratch();
    const node = [process.execPath, "--disable-warning=ExperimentalWarning", "--input-type=module", "-e"];
    const script = `
      import { overlayDriver } from ${JSON.stringify(new URL("../../src/storage/overlay.ts", import.meta.url).pathname)};
      import { spawnSync } from "node:child_process";
      const request = { layers: [], containerDirectory: ${JSON.stringify(`${root}/c`)}, target: ${JSON.stringify(`${root}/c/merged`)} };
      const { commands: [[program, ...args]], cwd } = overlayDriver.prepare(request);
      process.stdout.write(String(spawnSync(program, args, { cwd, stdio: "inherit" }).status));`;
    const { stdout } = spawnSync("unshare", ["-rm", ...node, script], { encoding: "utf8" });
    expect(stdout).toBe("0");
  });

  it("is chosen by trying, and remembered for this boot", () => {
    const { root } = makeScratch();
    const { driver } = mountLayers(root, "", 1);
    expect(readFileSync(`${root}/storage-driver`, "utf8")).toBe(`${driver} ${bootId()}\n`);
    writeFileSync(`${root}/storage-driver`, `vfs ${bootId()}\n`);
    expect(mountLayers(root, "", 1).driver).toBe("vfs");
    writeFileSync(`${root}/storage-driver`, "vfs 00000000-0000-0000-0000-000000000000\n");
    expect(mountLayers(`${root}`, "", 1).driver).toBe(driver);
    forgetDriver(root);
    expect(existsSync(`${root}/storage-driver`)).toBe(false);
  });
});

describe("prepare()", () => {
  function layersIn(root: string, count: number): string[] {
    return Array.from({ length: count }, (_, position) => {
      const layer = `${root}/layers/${String(position).padStart(16, "0")}/diff`;
      mkdirSync(layer, { recursive: true });
      return layer;
    });
  }

  it("keeps the options of mount(8) below one page, and away from fsconfig when they are long", () => {
    const { root } = makeScratch();
    const request = { containerDirectory: `${root}/containers/${"c".repeat(64)}`, target: `${root}/merged` };
    const short = overlayDriver.prepare({ ...request, layers: layersIn(root, 2) });
    expect(short.commands[0]?.[0]).toBe("mount");
    expect(short.cwd).toBe(`${root}/layers`);
    const long = overlayDriver.prepare({ ...request, layers: layersIn(root, 120) });
    expect(long.commands[0]?.slice(0, 3)).toEqual(["env", "LIBMOUNT_FORCE_MOUNT2=always", "mount"]);
    expect(long.commands[0]?.[6]?.length).toBeLessThan(4000);
  });

  it("refuses a path that would end the option", () => {
    const { root } = makeScratch();
    const request = { containerDirectory: `${root}/a,b`, target: `${root}/merged`, layers: layersIn(root, 1) };
    expect(() => fuseOverlayfsDriver.prepare(request)).toThrow("overlay cannot use");
  });
});

describe("openEngine()", () => {
  it("refuses an unknown storage driver", () => {
    const scratch = makeScratch({ storageDriver: "zfs" });
    expect(() => scratch.open()).toThrow('storage driver "zfs" is not known');
  });
});

describe("changesOf()", () => {
  it.each(["overlay", "fuse-overlayfs", "vfs"])("says where %s keeps what a container has written", (driver) => {
    const scratch = makeScratch({ storageDriver: driver });
    const { rootfs } = scratch.open();
    const request = { layers: [`${scratch.root}/top`, `${scratch.root}/base`], containerDirectory: scratch.root };
    expect(rootfs.changesOf(request)).toEqual({ kind: "nothing" });
    const directory = `${scratch.root}/diff`;
    mkdirSync(directory);
    const upper = { kind: "upper", directory, lowerDirectories: request.layers };
    expect(rootfs.changesOf(request)).toEqual(
      driver === "vfs"
        ? { kind: "changes", directory, base: request.layers[0] }
        : { ...upper, usesWhiteoutFiles: driver === "fuse-overlayfs" },
    );
    const alone = { ...request, layers: [] };
    if (driver === "vfs") expect(rootfs.changesOf(alone)).toEqual({ kind: "tree", directory });
  });
});
