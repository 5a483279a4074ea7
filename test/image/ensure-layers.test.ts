import { rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { findStaticBusybox } from "../../src/image/busybox-layer.ts";
import { ensureDefaultImage } from "../../src/image/default-image.ts";
import { ensureImage } from "../../src/image/ensure-image.ts";
import { ensureLayers } from "../../src/image/ensure-layers.ts";
import { makeScratch } from "../storage/scratch.ts";
import { openScratch } from "../storage/scratch-engine.ts";

const hasBusybox = (() => {
  try {
    return findStaticBusybox() !== undefined;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasBusybox)("ensureLayers()", () => {
  it("unpacks an image for another storage driver from its blobs", async () => {
    const scratch = makeScratch();
    const image = await ensureDefaultImage(scratch.open());
    const vfs = openScratch(scratch.root, "vfs");
    expect(vfs.layers.find(image.topLayer as NonNullable<typeof image.topLayer>)).toBeUndefined();
    expect(await ensureImage(vfs, image.id, { policy: "missing", retry: { retries: 0, delayMs: 0 } })).toEqual(image);
    expect(vfs.layers.chain(image.topLayer as NonNullable<typeof image.topLayer>)).toHaveLength(1);
    vfs.database.close();
  });

  it("says so when a blob is gone", async () => {
    const scratch = makeScratch();
    const engine = scratch.open();
    const image = await ensureDefaultImage(engine);
    for (const { digest } of engine.images.manifest(image).layers) rmSync(engine.blobs.path(digest));
    await ensureLayers(engine, image);
    const vfs = openScratch(scratch.root, "vfs");
    await expect(ensureLayers(vfs, image)).rejects.toMatchObject({
      kind: "not-found",
      message: "image localhost/dhow-busybox:latest is not unpacked for the storage driver vfs",
    });
    vfs.database.close();
  });
});
