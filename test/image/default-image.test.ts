import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { findStaticBusybox } from "../../src/image/busybox-layer.ts";
import { defaultImageName, ensureDefaultImage, isDefaultImageName } from "../../src/image/default-image.ts";
import { makeScratch } from "../storage/scratch.ts";
import { openScratch } from "../storage/scratch-engine.ts";

const hasBusybox = (() => {
  try {
    return findStaticBusybox() !== undefined;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasBusybox)("ensureDefaultImage()", () => {
  it("makes an image of the static busybox", async () => {
    const engine = makeScratch().open();
    const image = await ensureDefaultImage(engine);
    expect(image.names).toEqual([defaultImageName]);
    expect(engine.images.config(image).config?.Cmd).toEqual(["sh"]);
    const [layer] = engine.layers.chain(image.topLayer as NonNullable<typeof image.topLayer>);
    const diff = engine.layers.diffPath(layer as NonNullable<typeof layer>);
    expect(readFileSync(`${diff}/bin/busybox`)).toEqual(readFileSync(findStaticBusybox().path));
    expect(readlinkSync(`${diff}/bin/sh`)).toBe("/bin/busybox");
    expect(existsSync(`${diff}/etc/passwd`)).toBe(true);
    expect((statSync(`${diff}/tmp`).mode & 0o7777).toString(8)).toBe("1777");
    expect(lstatSync(`${diff}/bin/busybox`).isFile()).toBe(true);
    expect(readdirSync(diff)).toEqual(expect.arrayContaining(["dev", "proc", "root", "sys", "usr", "var"]));
  });

  it("gives the same image every time, and takes the stored one", async () => {
    const one = makeScratch().open();
    const other = makeScratch().open();
    const image = await ensureDefaultImage(one);
    expect(await ensureDefaultImage(other)).toEqual(image);
    const created = one.database.all("SELECT created_at FROM layers");
    expect(await ensureDefaultImage(one)).toEqual(image);
    expect(one.database.all("SELECT created_at FROM layers")).toEqual(created);
  });

  it("makes it again for another storage driver", async () => {
    const scratch = makeScratch();
    await ensureDefaultImage(scratch.open());
    const vfs = openScratch(scratch.root, "vfs");
    const image = await ensureDefaultImage(vfs);
    expect(vfs.layers.find(image.topLayer as NonNullable<typeof image.topLayer>)).toBeDefined();
    vfs.database.close();
  });
});

describe("isDefaultImageName()", () => {
  it.each(["dhow-busybox", "dhow-busybox:latest", "localhost/dhow-busybox", defaultImageName])("knows %s", (name) => {
    expect(isDefaultImageName(name)).toBe(true);
  });
  it.each(["busybox", "docker.io/library/dhow-busybox", "dhow-busybox:1"])("does not take %s for it", (name) => {
    expect(isDefaultImageName(name)).toBe(false);
  });
});
