import { mkdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { removeContainer, removePod } from "../../src/container/remove.ts";
import { stopPodIfDone } from "../../src/container/stop.ts";
import type { PodConfig, PodMembership } from "../../src/model/pod-config.ts";
import { clonePod } from "../../src/pod/clone.ts";
import { podFilter } from "../../src/pod/filters.ts";
import { describePod, listPods } from "../../src/pod/list.ts";
import { prunePods } from "../../src/pod/prune.ts";
import { bootId } from "../../src/system/clock.ts";
import { type Fixture, openFixture } from "../container/fixture.ts";

const podConfig: PodConfig = {
  labels: { app: "web" },
  hostname: "",
  shares: [],
  infraId: undefined,
  exitPolicy: "continue",
  restart: { policy: "no", maxRetries: 0 },
  sharesParent: true,
  createCommand: [],
};

function addPod({ engine }: Fixture, name: string, config: Partial<PodConfig> = {}) {
  const id = name.replaceAll(/[^0-9a-f]/g, "0").padEnd(64, "0");
  return engine.pods.add({ id, name, createdAt: new Date(), config: { ...podConfig, ...config } });
}

function member(fixture: Fixture, podId: string, name: string, role: PodMembership["role"] = "member") {
  return fixture.add(name, {}, { pod: { id: podId, role } });
}

function running(fixture: Fixture, podId: string, name: string) {
  const init = fixture.process("sleep 100");
  const record = fixture.add(
    name,
    { state: "running", init, monitor: undefined, bootId: bootId(), startedAt: new Date() },
    { pod: { id: podId, role: "member" }, stopTimeoutSeconds: 0 },
  );
  mkdirSync(fixture.engine.containers.runDirectory(record.id), { recursive: true });
  return record;
}

describe("the store of pods", () => {
  it("finds by name, id and unique prefix, and says what it does not know", () => {
    using fixture = openFixture();
    const { engine } = fixture;
    const pod = addPod(fixture, "ab");
    expect(engine.pods.find("ab")?.id).toBe(pod.id);
    expect(engine.pods.find(pod.id.slice(0, 12))?.name).toBe("ab");
    addPod(fixture, "abc");
    expect(() => engine.pods.find("a")).toThrow("more than one result for pod");
    expect(() => engine.pods.get("nope")).toThrow("no pod with name or ID nope found: no such pod");
    expect(() => addPod(fixture, "ab")).toThrow('adding pod to state: name "ab" is in use: pod already exists');
  });

  it("lets nothing join a pod that is gone, or being removed", () => {
    using fixture = openFixture();
    const pod = addPod(fixture, "a");
    expect(() => member(fixture, "f".repeat(64), "x")).toThrow("no such pod");
    fixture.engine.pods.beginRemoval(pod.id);
    expect(() => member(fixture, pod.id, "x")).toThrow("is being removed");
  });

  it("is not removed with containers in it", () => {
    using fixture = openFixture();
    const pod = addPod(fixture, "a");
    member(fixture, pod.id, "x");
    expect(() => fixture.engine.pods.remove(pod.id)).toThrow("contains containers and cannot be removed");
  });
});

describe("removePod()", () => {
  it("removes what does not run without force, with a running one only by force", async () => {
    using fixture = openFixture();
    const { engine } = fixture;
    const pod = addPod(fixture, "a");
    const idle = member(fixture, pod.id, "idle");
    const busy = running(fixture, pod.id, "busy");
    await expect(removePod(engine, "a", { force: false })).rejects.toThrow(`cannot remove container ${busy.id}`);
    expect((await removePod(engine, "a", { force: true })).toSorted()).toEqual([idle.id, busy.id].toSorted());
    expect(engine.pods.find("a")).toBeUndefined();
    expect(engine.containers.list()).toEqual([]);
  });

  it("is finished by whoever lists pods, if it was cut off", async () => {
    using fixture = openFixture();
    const { engine } = fixture;
    const pod = addPod(fixture, "a");
    member(fixture, pod.id, "x");
    engine.pods.beginRemoval(pod.id);
    expect(await listPods(engine)).toEqual([]);
    expect(engine.containers.list()).toEqual([]);
    expect(engine.pods.list()).toEqual([]);
  });
});

describe("removeContainer()", () => {
  it("removes an infra container only with its pod", async () => {
    using fixture = openFixture();
    const { engine } = fixture;
    const pod = addPod(fixture, "a");
    const infra = member(fixture, pod.id, "infra", "infra");
    await expect(removeContainer(engine, infra.id, { force: true })).rejects.toThrow(
      `container ${infra.id} is the infra container of pod ${pod.id} and cannot be removed without removing the pod`,
    );
    const other = member(fixture, pod.id, "other");
    expect(await removeContainer(engine, infra.id, { force: false, depend: true })).toEqual([other.id, infra.id]);
    expect(engine.pods.list()).toEqual([]);
  });
});

describe("stopPodIfDone()", () => {
  it.each([
    { exitPolicy: "stop", others: "ended", stopped: true },
    { exitPolicy: "stop", others: "created", stopped: false },
    { exitPolicy: "continue", others: "ended", stopped: false },
  ] as const)("with policy $exitPolicy and others $others", async ({ exitPolicy, others, stopped }) => {
    using fixture = openFixture();
    const { engine } = fixture;
    const infra = running(fixture, addPod(fixture, "a").id, "infra");
    const pod = addPod(fixture, "b", { infraId: infra.id, exitPolicy });
    const last = member(fixture, pod.id, "last");
    const other = member(fixture, pod.id, "other");
    if (others === "ended") engine.containers.update(other.id, { state: "exited" });
    await stopPodIfDone(engine, last);
    expect(engine.containers.get(infra.id).state).toBe(stopped ? "exited" : "running");
  });
});

describe("listing, pruning and cloning pods", () => {
  it("filters", async () => {
    using fixture = openFixture();
    const pod = addPod(fixture, "abc");
    const inside = member(fixture, pod.id, "inside");
    const listed = await describePod(fixture.engine, pod);
    const fits = (key: string, value: string) => podFilter(new Map([[key, [value]]]))(listed);
    const cases: [string, string, boolean][] = [
      ["name", "b", true],
      ["name", "^b", false],
      ["id", "abc", true],
      ["ctr-names", "ins", true],
      ["ctr-ids", inside.id.slice(0, 5), true],
      ["ctr-number", "1", true],
      ["ctr-number", "2", false],
      ["ctr-status", "created", true],
      ["ctr-status", "exited", false],
      ["status", "created", true],
      ["status", "running", false],
      ["label", "app=web", true],
      ["label", "app=db", false],
      ["label!", "app", false],
      ["until", "1h", false],
      ["network", "pasta", false],
    ];
    for (const [key, value, expected] of cases) expect([key, value, fits(key, value)]).toEqual([key, value, expected]);
    expect(() => fits("status", "odd")).toThrow("odd is not a valid pod status");
    expect(() => fits("ctr-status", "odd")).toThrow("odd is not a valid status");
    expect(() => fits("colour", "red")).toThrow("colour is an invalid filter");
  });

  it("prunes those that have stopped", async () => {
    using fixture = openFixture();
    const { engine } = fixture;
    const fresh = addPod(fixture, "a");
    const ended = addPod(fixture, "b");
    fixture.engine.containers.update(member(fixture, ended.id, "x").id, { state: "exited", exitCode: 0 });
    expect(await prunePods(engine)).toEqual({ removed: [ended.id], failures: [] });
    expect(engine.pods.list().map(({ id }) => id)).toEqual([fresh.id]);
  });

  it("clones a pod with what its containers join", async () => {
    using fixture = openFixture();
    const { engine } = fixture;
    const pod = addPod(fixture, "a");
    const first = member(fixture, pod.id, "first");
    fixture.add("second", {}, { pod: { id: pod.id, role: "member" }, pidMode: { mode: "container", id: first.id } });
    const keep = {
      name: undefined,
      infraName: undefined,
      changePod: <T>(one: T) => one,
      changeInfra: <T>(one: T) => one,
    };
    const clone = await clonePod(engine, "a", keep);
    expect(clone.name).toBe("a-clone");
    const [one, two] = engine.containers.listOfPod(clone.id);
    expect([one?.name, two?.name]).toEqual(["first-clone", "second-clone"]);
    expect(two?.config.pidMode).toEqual({ mode: "container", id: one?.id });
    expect((await clonePod(engine, "a", keep)).name).toBe("a-clone1");
  });
});
