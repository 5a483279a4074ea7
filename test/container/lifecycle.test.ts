import { mkdirSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cleanupContainer, restartDelayMs, shouldRestart } from "../../src/container/cleanup.ts";
import { createContainer } from "../../src/container/create.ts";
import { killContainer } from "../../src/container/kill.ts";
import { removeContainer } from "../../src/container/remove.ts";
import { stopContainer } from "../../src/container/stop.ts";
import { waitForContainer } from "../../src/container/wait.ts";
import type { ContainerConfig } from "../../src/model/container-config.ts";
import type { ContainerRecord } from "../../src/storage/containers.ts";
import { bootId, isAlive } from "../../src/system/clock.ts";
import { type Fixture, openFixture } from "./fixture.ts";

let fixture: Fixture;
beforeEach(() => {
  fixture = openFixture();
});
afterEach(() => fixture[Symbol.dispose]());

/** A "container" whose process is a real one, without a monitor. */
function addRunning(name: string, script: string, config?: Partial<ContainerConfig>): ContainerRecord {
  const init = fixture.process(script);
  const record = fixture.add(name, { state: "running", init, bootId: bootId(), startedAt: new Date() }, config);
  mkdirSync(fixture.engine.containers.runDirectory(record.id), { recursive: true });
  return record;
}

describe("stopContainer()", () => {
  it("ends the process with the stop signal and records it as stopped by the user", async () => {
    const { id, init } = addRunning("web", "exec sleep 1000");
    expect(await stopContainer(fixture.engine, "web")).toEqual({ id, wasRunning: true });
    expect(init && isAlive(init)).toBe(false);
    expect(fixture.engine.containers.get(id)).toMatchObject({ state: "exited", exitCode: 143, stoppedByUser: true });
  });

  it("kills a process that does not heed the stop signal", async () => {
    const { id } = addRunning("web", 'trap "" TERM; while :; do sleep 0.05; done');
    await stopContainer(fixture.engine, "web", { timeoutSeconds: 0.2 });
    expect(fixture.engine.containers.get(id)).toMatchObject({ state: "exited", exitCode: 137 });
  });

  it("removes a --rm container, and keeps its exit code for those who wait", async () => {
    const { id } = addRunning("web", "exec sleep 1000", { autoRemove: true });
    const waiting = waitForContainer(fixture.engine, id, { intervalMs: 20 });
    await stopContainer(fixture.engine, "web");
    expect(fixture.engine.containers.find(id)).toBeUndefined();
    expect(await waiting).toBe(143);
  });

  it("leaves a container that has ended as it is", async () => {
    const { id } = fixture.add("web", { state: "exited", exitCode: 3 });
    expect(await stopContainer(fixture.engine, "web")).toEqual({ id, wasRunning: false });
    expect(fixture.engine.containers.get(id)).toMatchObject({ state: "exited", exitCode: 3 });
  });

  it("refuses a container that was never started", async () => {
    fixture.add("web");
    await expect(stopContainer(fixture.engine, "web")).rejects.toThrow(/can only stop created or running containers/);
  });
});

describe("killContainer()", () => {
  it("sends the signal", async () => {
    const { init } = addRunning("web", "exec sleep 1000");
    await killContainer(fixture.engine, "web", 15);
    await expect.poll(() => init && isAlive(init)).toBe(false);
  });

  it("refuses a container that does not run", async () => {
    const { id } = fixture.add("web", { state: "exited" });
    await expect(killContainer(fixture.engine, "web", 9)).rejects.toThrow(
      `can only kill running containers. ${id} is in state exited: container state improper`,
    );
  });
});

describe("removeContainer()", () => {
  it("refuses a running container with exit code 2, and removes it by force", async () => {
    const { id, init } = addRunning("web", "exec sleep 1000");
    await expect(removeContainer(fixture.engine, "web", { force: false })).rejects.toMatchObject({
      kind: "conflict",
      exitCode: 2,
    });
    expect(await removeContainer(fixture.engine, "web", { force: true })).toEqual([id]);
    expect(init && isAlive(init)).toBe(false);
    expect(fixture.engine.containers.list()).toEqual([]);
  });

  it("refuses a container whose network another one uses, and removes both when asked to", async () => {
    const { id } = fixture.add("web");
    const network = { mode: "container", containerId: id } as ContainerConfig["network"];
    const { id: other } = fixture.add("sidecar", {}, { network });
    await expect(removeContainer(fixture.engine, "web", { force: true })).rejects.toThrow(
      `container ${id} has dependent containers which must be removed before it: ${other}: container already exists`,
    );
    expect(await removeContainer(fixture.engine, "web", { force: true, depend: true })).toEqual([other, id]);
  });
});

describe("waitForContainer()", () => {
  it("waits for the exit code that the monitor writes", async () => {
    const { id } = addRunning("web", "exec sleep 1000");
    const waiting = waitForContainer(fixture.engine, id, { intervalMs: 20 });
    writeFileSync(`${fixture.engine.containers.runDirectory(id)}/exit`, "7");
    expect(await waiting).toBe(7);
  });

  it("waits for a state that is asked for", async () => {
    const { id } = fixture.add("web");
    const waiting = waitForContainer(fixture.engine, id, { conditions: ["running"], intervalMs: 5 });
    fixture.engine.containers.update(id, { state: "running" });
    expect(await waiting).toBe(-1);
  });
});

describe("cleanupContainer()", () => {
  it("leaves a running container alone", async () => {
    const record = addRunning("web", "exec sleep 1000");
    await cleanupContainer(fixture.engine, "web", { restart: false });
    expect(fixture.engine.containers.get("web")).toEqual(record);
  });

  it("does nothing for a container that is gone", async () => {
    await expect(cleanupContainer(fixture.engine, "nosuch", { restart: false })).resolves.toBeUndefined();
  });
});

describe("shouldRestart()", () => {
  const record = (policy: string, change: Partial<ContainerRecord> = {}, maxRetries = 0) =>
    ({
      config: { restart: { policy, maxRetries } },
      ...{ exitCode: 1, restartCount: 0, stoppedByUser: false },
      ...change,
    }) as ContainerRecord;

  it.each([
    ["no", record("no"), false],
    ["on-failure after a failure", record("on-failure"), true],
    ["on-failure after success", record("on-failure", { exitCode: 0 }), false],
    ["on-failure with retries left", record("on-failure", { restartCount: 1 }, 2), true],
    ["on-failure without", record("on-failure", { restartCount: 2 }, 2), false],
    ["always after success", record("always", { exitCode: 0 }), true],
    ["always when the user stopped it", record("always", { stoppedByUser: true }), false],
    ["unless-stopped", record("unless-stopped"), true],
  ])("decides for %s", (_, given, expected) => {
    expect(shouldRestart(given)).toBe(expected);
  });
});

describe("restartDelayMs()", () => {
  const ran = (ms: number, restartCount: number) =>
    restartDelayMs({ restartCount, startedAt: new Date(0), finishedAt: new Date(ms) } as ContainerRecord);

  it("doubles up to a minute, and is short again after a good run", () => {
    expect([0, 1, 2, 9, 10, 400].map((count) => ran(50, count))).toEqual([100, 200, 400, 51_200, 60_000, 60_000]);
    expect(ran(10_000, 400)).toBe(100);
  });
});

describe("createContainer()", () => {
  it("makes up a name, and does not record a bad one", () => {
    const { config } = fixture.add("web");
    expect(createContainer(fixture.engine, config, undefined)).toMatchObject({
      name: expect.stringMatching(/^[a-z]+_[a-z]+$/),
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      state: "created",
    });
    expect(() => createContainer(fixture.engine, config, "-x")).toThrow(/names must match/);
    expect(() => createContainer(fixture.engine, config, "web")).toThrow(/is already in use/);
    expect(fixture.engine.containers.list()).toHaveLength(2);
  });
});
