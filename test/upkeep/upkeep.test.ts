import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { collectImageGarbage } from "../../src/image/remove.ts";
import { measureDiskUsage } from "../../src/upkeep/disk-usage.ts";
import { makeScratch, sampleConfig } from "../storage/scratch.ts";
import { addLayeredImage } from "./layered-image.ts";
import { noise } from "./noise.ts";

function du(...paths: string[]): number {
  const total = execFileSync("du", ["--total", "--summarize", "--block-size=1", ...paths], { encoding: "utf8" });
  return Number(total.trimEnd().split("\n").at(-1)?.split("\t")[0]);
}

async function store() {
  const scratch = makeScratch();
  const engine = scratch.open();
  const [base, one, two] = [noise(900_000), noise(400_000), noise(300_000)];
  const first = await addLayeredImage(engine, "localhost/ship:1", [base, one]);
  const second = await addLayeredImage(engine, "localhost/ship:2", [base, two]);
  const container = {
    id: "c".repeat(64),
    name: "web",
    createdAt: new Date(),
    config: sampleConfig({ imageId: first.id }),
  };
  engine.containers.add(container);
  const upper = `${engine.containers.directory(container.id)}/diff`;
  mkdirSync(`${upper}/logs`, { recursive: true });
  writeFileSync(`${upper}/logs/a`, noise(200_000));
  engine.database.run("DELETE FROM leases");
  return { engine, first, second, upper };
}

describe("measureDiskUsage()", () => {
  it("agrees with du", async () => {
    const { engine, upper } = await store();
    const { imagesBytes, containers } = measureDiskUsage(engine);
    const { data } = engine.paths;
    expect(Math.abs(imagesBytes / du(`${data}/layers`, `${data}/blobs`) - 1)).toBeLessThan(0.02);
    expect(containers.map(({ bytes }) => bytes)).toEqual([du(upper)]);
  });

  it("tells what images share, and what could be freed", async () => {
    const { engine, first, second } = await store();
    const usage = measureDiskUsage(engine);
    const byId = new Map(usage.images.map((image) => [image.image.id, image]));
    const [one, two] = [byId.get(first.id), byId.get(second.id)];
    // The base layer, and its blob.
    expect(one?.sharedBytes).toBeGreaterThan(1_800_000);
    expect(one?.sharedBytes).toBe(two?.sharedBytes);
    expect(one?.uniqueBytes).toBeGreaterThan(800_000);
    expect([one?.containers, two?.containers]).toEqual([1, 0]);
    expect(usage.imagesReclaimableBytes).toBe(two?.uniqueBytes);
    engine.images.remove(second.id);
    collectImageGarbage(engine);
    expect(measureDiskUsage(engine).imagesBytes).toBe(usage.imagesBytes - usage.imagesReclaimableBytes);
  });

  it("measures a layer once in its life", async () => {
    const { engine } = await store();
    const before = measureDiskUsage(engine).imagesBytes;
    for (const id of readdirSync(`${engine.paths.data}/layers`)) {
      writeFileSync(`${engine.paths.data}/layers/${id}/diff/more`, noise(100_000));
    }
    expect(measureDiskUsage(engine).imagesBytes).toBe(before);
  });
});

const canMount = spawnSync("unshare", ["--user", "--map-root-user", "--mount", "true"]).status === 0;

describe.skipIf(!canMount)("pruneSystem() on a full disk", () => {
  it("removes everything, although nothing can be written before that", () => {
    const { root } = makeScratch();
    const use = new URL("fixtures/use.ts", import.meta.url).pathname;
    const script = `
      mount -t tmpfs -o size=24m none "$ROOT"
      "$NODE" --disable-warning=ExperimentalWarning "$USE" "$ROOT" fill
      cat /dev/zero > "$ROOT/filler" 2> /dev/null
      if echo x > "$ROOT/more" 2> /dev/null; then echo "the disk is not full" >&2; exit 1; fi
      "$NODE" --disable-warning=ExperimentalWarning "$USE" "$ROOT" prune`;
    const env = { PATH: process.env.PATH, ROOT: root, NODE: process.execPath, USE: use };
    const argv = ["--user", "--map-root-user", "--mount", "sh", "-c", script];
    const { status, stdout, stderr } = spawnSync("unshare", argv, { env, encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ removed: 2, imagesBytes: 0 });
    expect(result.freedBytes).toBeGreaterThan(12 << 20);
  });
});
