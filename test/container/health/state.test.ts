import { describe, expect, it } from "vitest";
import { hasTimer, initialHealth, judge, nextCheckMs, type ProbeEnd } from "../../../src/container/health/state.ts";
import type { HealthConfig, HealthState } from "../../../src/model/health.ts";

const startedAt = new Date("2026-01-01T00:00:00Z");
const after = (seconds: number) => new Date(startedAt.getTime() + seconds * 1000);
const probe = (outcome: ProbeEnd["outcome"], seconds = 60, output = ""): ProbeEnd => ({
  ...{ outcome, output, start: after(seconds), end: after(seconds + 1) },
});
const config = (change: Partial<HealthConfig> = {}, check: Partial<HealthConfig["check"]> = {}): HealthConfig => ({
  check: {
    ...{ test: ["CMD", "x"], intervalMs: 30_000, timeoutMs: 1000, retries: 2, startPeriodMs: 0, startIntervalMs: 0 },
    ...check,
  },
  ...{ startup: undefined, onFailure: "none", logDestination: "local", maxLogCount: 2, maxLogSize: 3 },
  ...change,
});
const startup = { test: ["CMD", "y"], intervalMs: 500, timeoutMs: 1000, retries: 2, successes: 2 };

/** Judges one check after another; the last judgement. */
function judgeAll(health: HealthConfig, probes: readonly ProbeEnd[], runs = true) {
  let judgement: ReturnType<typeof judge> | undefined;
  let state: HealthState = initialHealth(health);
  for (const one of probes) {
    judgement = judge(health, state, { probe: one, startedAt, runs });
    state = judgement.state;
  }
  return judgement as ReturnType<typeof judge>;
}

describe("judge()", () => {
  it("calls a container healthy after a success, and starts counting failures anew", () => {
    const { state, verdict } = judgeAll(config(), [probe("failure"), probe("success")]);
    expect({ verdict, ...state }).toMatchObject({ verdict: "healthy", status: "healthy", failingStreak: 0 });
  });
  it("calls it unhealthy after as many failures as retries, and acts then", () => {
    const health = config({ onFailure: "kill" });
    const first = judgeAll(health, [probe("success"), probe("failure")]);
    expect(first).toMatchObject({
      verdict: "unhealthy",
      action: "none",
      state: { status: "healthy", failingStreak: 1 },
    });
    const second = judgeAll(health, [probe("success"), probe("failure"), probe("timeout")]);
    expect(second).toMatchObject({
      action: "kill",
      state: { status: "unhealthy", failingStreak: 2, restartDue: false },
    });
  });
  it("asks for a restart with --health-on-failure=restart", () => {
    const { state, action } = judgeAll(config({ onFailure: "restart" }), [probe("failure"), probe("failure")]);
    expect({ action, restartDue: state.restartDue }).toEqual({ action: "restart", restartDue: true });
  });
  it("does not count failures in the start period", () => {
    const health = config({}, { startPeriodMs: 50_000, retries: 1 });
    expect(judgeAll(health, [probe("failure", 49)]).state).toMatchObject({ status: "starting", failingStreak: 0 });
    expect(judgeAll(health, [probe("failure", 51)]).state).toMatchObject({ status: "unhealthy", failingStreak: 1 });
  });
  it("keeps the last results, cut to size", () => {
    const { state } = judgeAll(config(), [probe("success", 1), probe("failure", 2, "abcdef"), probe("timeout", 3)]);
    expect(state.log).toEqual([
      { start: "2026-01-01T00:00:02.000Z", end: "2026-01-01T00:00:03.000Z", exitCode: 1, output: "abc" },
      { start: "2026-01-01T00:00:03.000Z", end: "2026-01-01T00:00:04.000Z", exitCode: -1, output: "" },
    ]);
    const all = judgeAll(config({ maxLogCount: 0, maxLogSize: 0 }), Array(9).fill(probe("success", 1, "abcdef")));
    expect(all.state.log).toHaveLength(9);
    expect(all.state.log[0]?.output).toBe("abcdef");
  });
  it("says `stopped` when the container ended meanwhile", () => {
    const judgement = judgeAll(config({ onFailure: "kill" }, { retries: 1 }), [probe("failure")], false);
    expect(judgement).toMatchObject({
      verdict: "stopped",
      action: "none",
      state: { status: "stopped", failingStreak: 0 },
    });
  });
  it("waits for the startup check to succeed often enough", () => {
    const health = config({ startup });
    const once = judgeAll(health, [probe("success")]);
    expect(once.state).toMatchObject({ status: "starting", startupPassed: false });
    const broken = judgeAll(health, [probe("success"), probe("failure"), probe("success")]);
    expect(broken.state).toMatchObject({ status: "starting", startupPassed: false, startupSuccesses: 1 });
    const twice = judgeAll(health, [probe("success"), probe("success")]);
    expect(twice.state).toMatchObject({ status: "healthy", startupPassed: true });
  });
  it("restarts a container whose startup check fails as often as its retries say", () => {
    const health = config({ startup });
    expect(judgeAll(health, [probe("failure")])).toMatchObject({ verdict: "starting", action: "none" });
    expect(judgeAll(health, [probe("failure"), probe("failure")])).toMatchObject({
      ...{ action: "restart", state: { restartDue: true, failingStreak: 0, status: "starting" } },
    });
    const never = config({ startup: { ...startup, retries: 0 } });
    expect(judgeAll(never, Array(9).fill(probe("failure")))).toMatchObject({ action: "none" });
  });
});

describe("nextCheckMs()", () => {
  const at = (seconds: number) => ({ startedAt, now: after(seconds) });
  it("is the interval, or nothing if that is 0", () => {
    expect(nextCheckMs(config(), initialHealth(config()), at(1))).toBe(30_000);
    const manual = config({}, { intervalMs: 0 });
    expect(nextCheckMs(manual, initialHealth(manual), at(1))).toBeUndefined();
    expect([hasTimer(config()), hasTimer(manual)]).toEqual([true, false]);
  });
  it("is the startup check's until that has passed", () => {
    const health = config({ startup });
    expect(nextCheckMs(health, initialHealth(health), at(1))).toBe(500);
    expect(nextCheckMs(health, { ...initialHealth(health), startupPassed: true }, at(1))).toBe(30_000);
  });
  it("is the start interval in the start period, until the container is healthy", () => {
    const health = config({}, { startPeriodMs: 10_000, startIntervalMs: 700 });
    expect(nextCheckMs(health, initialHealth(health), at(9))).toBe(700);
    expect(nextCheckMs(health, initialHealth(health), at(11))).toBe(30_000);
    expect(nextCheckMs(health, { ...initialHealth(health), status: "healthy" }, at(9))).toBe(30_000);
  });
});
