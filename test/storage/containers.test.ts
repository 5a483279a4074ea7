import { existsSync, mkdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine.ts";
import { makeScratch, sampleConfig } from "./scratch.ts";

function add(engine: Engine, id: string, name: string, createdAt = new Date("2024-01-01T00:00:00Z")) {
  return engine.containers.add({ id: id.padEnd(64, "0"), name, createdAt, config: sampleConfig() });
}

describe("containers.find()", () => {
  it("takes ids before names and names before prefixes", () => {
    const engine = makeScratch().open();
    const one = add(engine, "abc1", "one");
    const named = add(engine, "def", "abc");
    const shadowed = add(engine, "fff", one.id);
    expect(engine.containers.find(one.id)?.name).toBe("one");
    expect(engine.containers.find("abc")?.id).toBe(named.id);
    expect(engine.containers.find("abc1")?.id).toBe(one.id);
    expect(engine.containers.find("ff")?.id).toBe(shadowed.id);
    expect(engine.containers.find("nosuch")).toBeUndefined();
    expect(engine.containers.find("")).toBeUndefined();
  });

  it("refuses a prefix that fits several", () => {
    const engine = makeScratch().open();
    add(engine, "abc1", "one");
    add(engine, "abc2", "two");
    expect(() => engine.containers.find("abc")).toThrow("more than one result for container name or ID abc");
    expect(() => engine.containers.get("abcd")).toThrow('no container with name or ID "abcd" found: no such container');
  });
});

describe("containers.add()", () => {
  it("makes a created container with a folder", () => {
    const engine = makeScratch().open();
    const record = add(engine, "a", "web");
    expect(record).toMatchObject({ name: "web", state: "created", restartCount: 0, stoppedByUser: false, error: "" });
    expect(record.startedAt).toBeUndefined();
    expect(record.config).toEqual(sampleConfig());
    expect(existsSync(engine.containers.directory(record.id))).toBe(true);
  });

  it("refuses a name in use, in podman's words", () => {
    const engine = makeScratch().open();
    const { id } = add(engine, "a", "web");
    expect(() => add(engine, "b", "web")).toThrow(
      `the container name "web" is already in use by ${id}. You have to remove that container to be able to reuse that name: that name is already in use`,
    );
    expect(existsSync(engine.containers.directory("b".padEnd(64, "0")))).toBe(false);
  });

  it("refuses an image that is gone", () => {
    const engine = makeScratch().open();
    const config = sampleConfig({ imageId: "1".repeat(64) });
    const record = { id: "a".repeat(64), name: "web", createdAt: new Date(), config };
    expect(() => engine.containers.add(record)).toThrow("docker.io/library/sample:latest: image not known");
  });
});

describe("containers.update()", () => {
  it("changes what it is given and nothing else", () => {
    const { open } = makeScratch();
    const engine = open();
    const { id } = add(engine, "a", "web");
    const init = { pid: 42, startTime: "4711" };
    const startedAt = new Date("2024-01-02T03:04:05.678Z");
    engine.containers.update(id, { state: "running", init, bootId: "b", startedAt, networkState: { pasta: [1] } });
    const after = engine.containers.update(id, { exitCode: 3, stoppedByUser: true, restartCount: 2, error: "why" });
    expect(after).toEqual(open().containers.get(id));
    expect({ ...after }).toMatchObject({
      ...{ state: "running", init, bootId: "b", startedAt, networkState: { pasta: [1] } },
      ...{ exitCode: 3, stoppedByUser: true, restartCount: 2, error: "why", monitor: undefined },
    });
    const cleared = engine.containers.update(id, { init: undefined, networkState: undefined, exitCode: undefined });
    expect({ ...cleared }).toMatchObject({ init: undefined, networkState: undefined, exitCode: undefined });
  });

  it("renames unless the name is taken", () => {
    const engine = makeScratch().open();
    const { id } = add(engine, "a", "web");
    add(engine, "b", "db");
    expect(() => engine.containers.update(id, { name: "db" })).toThrow("already in use");
    expect(engine.containers.update(id, { name: "web2" }).name).toBe("web2");
    expect(engine.containers.update(id, { name: "web2" }).name).toBe("web2");
  });

  it("fails for a container that is gone", () => {
    const engine = makeScratch().open();
    expect(() => engine.containers.update("a".repeat(64), { state: "exited" })).toThrow("no such container");
    expect(() => engine.containers.update("a".repeat(64), {})).toThrow("no such container");
  });
});

describe("containers", () => {
  it("are listed from the oldest on", () => {
    const engine = makeScratch().open();
    add(engine, "a", "young", new Date(2000));
    add(engine, "b", "old", new Date(1000));
    expect(engine.containers.list().map(({ name }) => name)).toEqual(["old", "young"]);
  });

  it("are removed with both folders, twice if need be", () => {
    const engine = makeScratch().open();
    const { id } = add(engine, "a", "web");
    mkdirSync(`${engine.containers.directory(id)}/diff/deep`, { recursive: true });
    mkdirSync(engine.containers.runDirectory(id), { recursive: true });
    engine.containers.remove(id);
    engine.containers.remove(id);
    expect(engine.containers.find(id)).toBeUndefined();
    expect(existsSync(engine.containers.directory(id))).toBe(false);
    expect(existsSync(engine.containers.runDirectory(id))).toBe(false);
  });
});
