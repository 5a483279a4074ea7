import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CheckOptions, checkSystem } from "../../../src/container/check/check-system.ts";
import type { ContainerRecord } from "../../../src/storage/containers.ts";
import { bootId, isAlive } from "../../../src/system/clock.ts";
import { addSampleImage } from "../../storage/scratch.ts";
import { type Fixture, openFixture } from "../fixture.ts";

describe("checkSystem()", () => {
  let fixture: Fixture;
  beforeEach(() => {
    fixture = openFixture();
  });
  afterEach(() => fixture[Symbol.dispose]());

  const check = async (change: Partial<CheckOptions> = {}) =>
    checkSystem(fixture.engine, { quick: false, repair: false, force: false, maxAgeMs: 1e9, ...change });
  const lines = async (change: Partial<CheckOptions> = {}) =>
    (await check(change)).map(({ object, text, repaired }) => `${object}: ${text} -> ${repaired}`);
  const running = (name: string): ContainerRecord => {
    const init = fixture.process("exec sleep 1000");
    return fixture.add(name, { state: "running", init, bootId: bootId(), startedAt: new Date() });
  };

  it("finds nothing in a store that is in order", async () => {
    await addSampleImage(fixture.engine, { names: ["docker.io/library/sample:latest"] });
    const { id } = running("web");
    mkdirSync(fixture.engine.containers.runDirectory(id), { recursive: true });
    expect(await lines({ repair: true })).toEqual([]);
    expect(existsSync(fixture.engine.containers.runDirectory(id))).toBe(true);
  });

  it("finds records whose processes are gone, and settles them", async () => {
    const init = { pid: 4_194_304, startTime: "1" };
    const { id } = fixture.add("web", { state: "running", init, bootId: bootId(), startedAt: new Date() });
    const text = "container web: is recorded as running, but its processes are gone";
    expect(await lines()).toEqual([`${text} -> undefined`]);
    expect(await lines({ repair: true })).toEqual([`${text} -> settled`]);
    expect(fixture.engine.containers.get(id).state).toBe("exited");
    expect(await lines()).toEqual([]);
  });

  it("finds run folders and processes of containers that do not run, and removes them", async () => {
    const { id } = fixture.add("web", { state: "exited" });
    const folder = fixture.engine.containers.runDirectory(id);
    const gone = fixture.engine.containers.runDirectory("f".repeat(64));
    mkdirSync(`${folder}/exec`, { recursive: true });
    mkdirSync(gone, { recursive: true });
    const orphan = fixture.process(`: '${folder}'; sleep 1000; :`);
    const found = await lines();
    expect(found).toHaveLength(2);
    expect(found.join("\n")).toContain(`does not run, but has left: process ${orphan.pid}`);
    expect(await check({ repair: true })).toEqual(found.map(() => expect.objectContaining({ repaired: "removed" })));
    expect([folder, gone].map((path) => existsSync(path))).toEqual([false, false]);
    expect(isAlive(orphan)).toBe(false);
  });

  it("finds containers without their folder or their image", async () => {
    const { engine } = fixture;
    const { id } = fixture.add("bare");
    rmSync(engine.containers.directory(id), { recursive: true });
    const image = await addSampleImage(engine, { names: ["docker.io/library/sample:latest"] });
    fixture.add("lost", {}, { imageId: image.id, imageName: "sample" });
    engine.database.run("DELETE FROM images WHERE id = ?", image.id);
    expect(await lines({ repair: true })).toEqual([
      "container bare: its folder is gone, with all that it had written -> made anew, empty",
      "container lost: its image sample is not stored -> undefined",
    ]);
    expect(await lines({ force: true })).toEqual(["container lost: its image sample is not stored -> removed"]);
    expect(engine.containers.find("lost")).toBeUndefined();
    expect(existsSync(engine.containers.directory(id))).toBe(true);
  });

  it("finds changed content, and removes images that need it unless containers do", async () => {
    const { engine } = fixture;
    const { id, configDigest } = await addSampleImage(engine, { names: ["docker.io/library/sample:latest"] });
    const { id: user } = fixture.add("user", {}, { imageId: id });
    writeFileSync(engine.blobs.path(configDigest), "other");
    expect(await lines({ quick: true })).toEqual([]);
    const damaged = `image ${id.slice(0, 12)}: its blob ${configDigest} has changed on disk`;
    expect(await lines()).toEqual([
      `blob ${configDigest}: does not hold what its name says -> undefined`,
      `${damaged} -> undefined`,
    ]);
    expect(await lines({ repair: true })).toContain(`${damaged} -> undefined`);
    expect(engine.images.find(id)).toBeDefined();
    expect(await lines({ force: true })).toEqual([
      `image ${id.slice(0, 12)}: its blob ${configDigest} is not stored -> removed`,
    ]);
    expect([engine.images.find(id), engine.containers.find(user)]).toEqual([undefined, undefined]);
  });

  it("finds layers that lost their folder, folders that nothing names, and old layers that nothing needs", async () => {
    const { engine } = fixture;
    const image = await addSampleImage(engine, { names: ["docker.io/library/sample:latest"], layers: ["a"] });
    const [layer] = engine.layers.chain(image.topLayer as `sha256:${string}` & never);
    rmSync(engine.layers.diffPath(layer as never), { recursive: true });
    mkdirSync(`${engine.paths.data}/layers/0123456789abcdef/diff`, { recursive: true });
    mkdirSync(`${engine.paths.data}/containers/${"e".repeat(64)}`, { recursive: true });
    const expected = [
      `layer ${image.topLayer}: its folder is gone`,
      `folder ${engine.paths.data}/layers/0123456789abcdef: belongs to nothing`,
      `folder ${engine.paths.data}/containers/${"e".repeat(64)}: belongs to nothing`,
    ];
    expect((await check()).map(({ object, text }) => `${object}: ${text}`)).toEqual(expected);
    expect(await check({ repair: true })).toHaveLength(3);
    expect(await lines()).toEqual([]);
  });
});
