import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { refreshContainers } from "../../src/container/refresh.ts";
import { announceAttendance } from "../../src/runtime/attendant.ts";
import { bootId, identifyProcess } from "../../src/system/clock.ts";
import { type Fixture, openFixture } from "./fixture.ts";

const dead = { pid: 4_194_304, startTime: "1" };
const self = identifyProcess(process.pid);
const now = { bootId: bootId(), startedAt: new Date() };

describe("refreshContainers()", () => {
  let fixture: Fixture;
  beforeEach(() => {
    fixture = openFixture();
  });
  afterEach(() => fixture[Symbol.dispose]());

  const refresh = () => refreshContainers(fixture.engine, fixture.engine.containers.list());

  function writeExit(id: string, code: string): void {
    const directory = fixture.engine.containers.runDirectory(id);
    mkdirSync(directory, { recursive: true });
    writeFileSync(`${directory}/exit`, code);
  }

  it("leaves a container alone whose process runs", async () => {
    const record = fixture.add("web", { ...now, state: "running", init: self });
    expect(await refresh()).toEqual([record]);
  });

  it("records the end that the monitor wrote down", async () => {
    const { id } = fixture.add("web", { ...now, state: "running", init: dead });
    writeExit(id, "42");
    expect(await refresh()).toMatchObject([{ state: "exited", exitCode: 42, init: undefined, monitor: undefined }]);
    expect(existsSync(fixture.engine.containers.runDirectory(id))).toBe(false);
  });

  it("records an end that nobody saw", async () => {
    fixture.add("web", { ...now, state: "stopping", init: dead, monitor: dead });
    expect(await refresh()).toMatchObject([{ state: "exited", exitCode: -1 }]);
  });

  it("takes containers of an earlier boot to have ended, whoever has their pid now", async () => {
    fixture.add("web", { ...now, bootId: "another", state: "running", init: self, monitor: self });
    expect(await refresh()).toMatchObject([{ state: "exited" }]);
  });

  it("removes a --rm container that nobody attends to", async () => {
    const { id } = fixture.add("web", { ...now, state: "running", init: dead }, { autoRemove: true });
    writeExit(id, "0");
    expect(await refresh()).toEqual([]);
    expect(fixture.engine.containers.find(id)).toBeUndefined();
    expect(existsSync(fixture.engine.containers.directory(id))).toBe(false);
  });

  it("leaves a --rm container to the CLI that ran it", async () => {
    const record = fixture.add("web", { ...now, state: "running", init: dead }, { autoRemove: true });
    mkdirSync(fixture.engine.containers.runDirectory(record.id), { recursive: true });
    announceAttendance(fixture.engine.containers.runDirectory(record.id));
    expect(await refresh()).toEqual([record]);
  });

  it("shows an end that somebody else is about to record", async () => {
    const { id } = fixture.add("web", { ...now, state: "stopping", init: dead });
    writeExit(id, "137");
    announceAttendance(fixture.engine.containers.runDirectory(id));
    expect(await refresh()).toMatchObject([{ state: "exited", exitCode: 137 }]);
    expect(fixture.engine.containers.get(id).state).toBe("stopping");
  });

  it("leaves a container to the dhow that starts it", async () => {
    const record = fixture.add("web", { ...now, state: "initialized", monitor: self });
    expect(await refresh()).toEqual([record]);
  });

  it("takes a start back whose dhow died, and kills what it left", async () => {
    const { id } = fixture.add("web", { bootId: bootId(), state: "initialized", monitor: dead });
    const init = fixture.process("exec sleep 1000");
    const directory = fixture.engine.containers.runDirectory(id);
    mkdirSync(directory, { recursive: true });
    writeFileSync(`${directory}/pidfile`, String(init.pid));
    expect(await refresh()).toMatchObject([{ state: "created", error: "its start was interrupted" }]);
    await expect.poll(() => identifyProcess(init.pid)).toBeUndefined();
  });

  it("does not kill a later process that has the pid of a container that was never started", async () => {
    const { id } = fixture.add("web", { bootId: bootId(), state: "initialized", monitor: dead });
    const directory = fixture.engine.containers.runDirectory(id);
    mkdirSync(directory, { recursive: true });
    const other = fixture.process("exec sleep 1000");
    writeFileSync(`${directory}/pidfile`, String(other.pid));
    const { utimesSync } = await import("node:fs");
    utimesSync(`${directory}/pidfile`, new Date(0), new Date(0));
    await refresh();
    expect(identifyProcess(other.pid)).toEqual(other);
  });

  it("goes on with a removal that was cut off", async () => {
    const { id } = fixture.add("web", { state: "removing" });
    expect(await refresh()).toEqual([]);
    expect(fixture.engine.containers.find(id)).toBeUndefined();
  });
});
