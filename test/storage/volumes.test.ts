import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine.ts";
import type { MountConfig } from "../../src/model/container-config.ts";
import { makeScratch, sampleConfig } from "./scratch.ts";

function addVolume(engine: Engine, name: string) {
  return engine.volumes.add({
    ...{ name, createdAt: new Date(), labels: { k: "v" }, options: {}, anonymous: false, uid: 0, gid: 0 },
    ...{ mount: undefined, needsCopyUp: true, needsChown: true },
  });
}

function addUser(engine: Engine, id: string, ...volumes: string[]) {
  const mounts = volumes.map((source): MountConfig => ({ type: "volume", source, destination: "/x", options: [] }));
  const config = sampleConfig({ mounts });
  return engine.containers.add({ id: id.padEnd(64, "0"), name: id, createdAt: new Date(), config }).id;
}

describe("volumes", () => {
  it("are folders with a name, found by it or the begin of it", () => {
    const engine = makeScratch().open();
    addVolume(engine, "data");
    addVolume(engine, "data2");
    expect(statSync(engine.volumes.dataDirectory("data")).mode & 0o777).toBe(0o755);
    expect(statSync(engine.volumes.directory("data")).mode & 0o777).toBe(0o700);
    expect(engine.volumes.get("data")).toMatchObject({ name: "data", labels: { k: "v" }, mountedIn: undefined });
    expect(engine.volumes.find("data2")?.name).toBe("data2");
    expect(() => engine.volumes.find("dat")).toThrow('more than one result for volume name "dat"');
    expect(engine.volumes.find("")).toBeUndefined();
    expect(() => engine.volumes.get("%")).toThrow('no volume with name "%" found: no such volume');
    expect(() => addVolume(engine, "data")).toThrow("volume with name data already exists: volume already exists");
    expect(engine.volumes.list().map(({ name }) => name)).toEqual(["data", "data2"]);
  });

  it("are not removed while a container uses them", () => {
    const engine = makeScratch().open();
    addVolume(engine, "data");
    const id = addUser(engine, "a", "data");
    expect(engine.volumes.users("data")).toEqual([id]);
    expect(engine.volumes.countUsers()).toEqual(new Map([["data", 1]]));
    expect(() => engine.volumes.remove("data")).toThrow(
      `volume data is being used by the following container(s): ${id}: volume is being used`,
    );
    engine.containers.remove(id);
    writeFileSync(`${engine.volumes.dataDirectory("data")}/file`, "x");
    engine.volumes.remove("data");
    expect(existsSync(engine.volumes.directory("data"))).toBe(false);
    expect(() => engine.volumes.remove("data")).toThrow("no such volume");
  });

  it("are not removed while a container that needs them is being made, also by another process", () => {
    const scratch = makeScratch();
    const [one, other] = [scratch.open(), scratch.open()];
    addVolume(one, "data");
    {
      using _ = one.volumes.lease(["data"]);
      expect(() => other.volumes.remove("data")).toThrow("by a container that is being created");
    }
    other.volumes.remove("data");
  });

  it("refuse a container whose volume is gone", () => {
    const engine = makeScratch().open();
    expect(() => addUser(engine, "a", "gone")).toThrow('no volume with name "gone" found');
    expect(engine.containers.list()).toEqual([]);
  });

  it("do not show what a removal that was cut off has left", () => {
    const engine = makeScratch().open();
    mkdirSync(`${engine.volumes.dataDirectory("data")}/old`, { recursive: true });
    addVolume(engine, "data");
    expect(existsSync(`${engine.volumes.dataDirectory("data")}/old`)).toBe(false);
  });

  it("refuse names that no folder can have", () => {
    const engine = makeScratch().open();
    expect(() => addVolume(engine, "n".repeat(300))).toThrow("the name is too long");
    expect(engine.volumes.list()).toEqual([]);
  });
});
