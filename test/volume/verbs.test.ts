import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseFilters } from "../../src/cli/filter.ts";
import { createContainer } from "../../src/container/create.ts";
import { removeContainer } from "../../src/container/remove.ts";
import type { ContainerConfig, MountConfig } from "../../src/model/container-config.ts";
import { createVolume } from "../../src/volume/create.ts";
import { listVolumes } from "../../src/volume/list.ts";
import { findUnusedVolumes, pruneVolumes } from "../../src/volume/remove.ts";
import { type Fixture, openFixture } from "../container/fixture.ts";

let fixture: Fixture;
beforeEach(() => {
  fixture = openFixture();
});
afterEach(() => fixture[Symbol.dispose]());

const create = (name: string | undefined, more: Partial<Parameters<typeof createVolume>[1]> = {}) =>
  createVolume(fixture.engine, { name, driver: "local", options: {}, labels: {}, ignore: false, ...more });
const names = () => fixture.engine.volumes.list().map(({ name }) => name);
const volume = (source: string | undefined, more: Partial<MountConfig> = {}): MountConfig => ({
  ...{ type: "volume", source, destination: `/${source}`, options: [] },
  ...(source === undefined ? { anonymous: true as const } : {}),
  ...more,
});
const configWith = (...mounts: MountConfig[]) =>
  ({ ...fixture.add(`c${Math.random()}`.replace(".", "")).config, mounts }) as ContainerConfig;

describe("createVolume()", () => {
  it("makes up a name, and takes one that exists only when told to", () => {
    expect(create(undefined)).toMatchObject({ anonymous: true, name: expect.stringMatching(/^[0-9a-f]{64}$/) });
    create("a", { labels: { x: "1" } });
    expect(() => create("a")).toThrow("volume with name a already exists: volume already exists");
    expect(create("a", { ignore: true }).labels).toEqual({ x: "1" });
    expect(() => create("-a")).toThrow("names must match");
    expect(() => create("../a")).toThrow("names must match");
    expect(() => create("b", { driver: "odd" })).toThrow("no volume plugin with name odd available");
    expect(() => create("b", { driver: "image" })).toThrow("the volume driver image is not supported");
  });
});

describe("createContainer() with volumes", () => {
  it("makes those that do not exist, and its own", () => {
    create("old");
    const config = configWith(volume("old"), volume("new"), volume(undefined));
    const { id, config: made } = createContainer(fixture.engine, config, "web");
    const own = made.mounts[2]?.source as string;
    expect(own).toMatch(/^[0-9a-f]{64}$/);
    expect(names()).toEqual(["new", "old", own].sort());
    expect(fixture.engine.volumes.get(own).anonymous).toBe(true);
    expect(fixture.engine.volumes.users("new")).toEqual([id]);
  });

  it("leaves nothing behind when it fails", () => {
    fixture.add("taken");
    create("old");
    const config = configWith(volume("old"), volume("new"), volume(undefined));
    expect(() => createContainer(fixture.engine, config, "taken")).toThrow("already in use");
    const missing = volume("no", { creation: { allowed: false, driver: "local", options: {}, labels: {} } });
    expect(() => createContainer(fixture.engine, configWith(volume("new"), missing), "b")).toThrow("no such volume");
    expect(names()).toEqual(["old"]);
  });
});

describe("removeContainer()", () => {
  it.each([
    { how: "keeps its volumes", autoRemove: false, volumes: false, kept: 2 },
    { how: "removes its own volumes with -v", autoRemove: false, volumes: true, kept: 1 },
    { how: "removes its own volumes after --rm", autoRemove: true, volumes: false, kept: 1 },
  ])("$how", async ({ autoRemove, volumes, kept }) => {
    const config = { ...configWith(volume("named"), volume(undefined)), autoRemove };
    const { id } = createContainer(fixture.engine, config, "web");
    await removeContainer(fixture.engine, id, { force: false, volumes });
    expect(names()).toHaveLength(kept);
    expect(names()).toContain("named");
  });

  it("leaves a volume of its own that another container uses", async () => {
    const { id, config } = createContainer(fixture.engine, configWith(volume(undefined)), "web");
    createContainer(fixture.engine, { ...config, mounts: config.mounts }, "other");
    await removeContainer(fixture.engine, id, { force: false, volumes: true });
    expect(names()).toHaveLength(1);
    await removeContainer(fixture.engine, "other", { force: false, volumes: true });
    expect(names()).toHaveLength(0);
  });
});

describe("filters", () => {
  const list = (...filters: string[]) =>
    listVolumes(fixture.engine, parseFilters(filters), () => false).map(({ volume: { name } }) => name);

  it("choose volumes", () => {
    create("a", { labels: { stage: "test" }, options: { o: "uid=1" } });
    create("b");
    createContainer(fixture.engine, configWith(volume("b")), "web");
    expect(list("name=^a")).toEqual(["a"]);
    expect(list("name=a", "name=b")).toEqual(["a", "b"]);
    expect(list("label=stage=test")).toEqual(["a"]);
    expect(list("label!=stage")).toEqual(["b"]);
    expect(list("opt=UID=1")).toEqual(["a"]);
    expect(list("opt=o")).toEqual(["a"]);
    expect(list("dangling=true")).toEqual(["a"]);
    expect(list("dangling=0")).toEqual(["b"]);
    expect(list("anonymous=true")).toEqual([]);
    expect(list("driver=local", "scope=local")).toEqual(["a", "b"]);
    expect(list("driver=nfs")).toEqual([]);
    expect(list("until=1h")).toEqual([]);
    expect(() => list("odd=1")).toThrow('"odd" is an invalid volume filter');
    expect(() => list("dangling=maybe")).toThrow('"maybe" is not a valid value for the "dangling" filter');
    expect(() => list("since=nosuch")).toThrow("no such volume");
  });

  it("of prune are fewer, and named volumes stay unless all are meant", async () => {
    create("named");
    const own = create(undefined).name;
    createContainer(fixture.engine, configWith(volume("used")), "web");
    const find = (all: boolean, ...filters: string[]) =>
      findUnusedVolumes(fixture.engine, { all, filters: parseFilters(filters) }).map(({ name }) => name);
    expect(find(false)).toEqual([own]);
    expect(find(true, "label!=x").sort()).toEqual([own, "named"].sort());
    expect(() => find(true, "name=x")).toThrow('"name" is an invalid volume filter');
    expect(await pruneVolumes(fixture.engine, { all: true, filters: new Map() })).toHaveLength(2);
    expect(names()).toEqual(["used"]);
  });
});
