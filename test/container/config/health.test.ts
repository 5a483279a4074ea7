import { describe, expect, it } from "vitest";
import type { HealthFlags } from "../../../src/container/config/flags.ts";
import { changeHealth } from "../../../src/container/config/health.ts";
import type { HealthConfig } from "../../../src/model/health.ts";
import { configOf, fakeCaller } from "./command-line.ts";

const healthOf = (...flags: string[]) => configOf([...flags, "image"]).health;
const ofImage = (Healthcheck: Record<string, unknown>, ...flags: string[]) =>
  configOf([...flags, "image"], { image: { Cmd: ["sh"], Healthcheck } }).health;

describe("--health-cmd", () => {
  it.each([
    ["curl -f http://localhost/ || exit 1", ["CMD-SHELL", "curl -f http://localhost/ || exit 1"]],
    ['["curl", "-f", "http://localhost/"]', ["CMD", "curl", "-f", "http://localhost/"]],
    ['["true"]', ["CMD-SHELL", "true"]],
    ["CMD  cat   /etc/passwd", ["CMD", "cat", "/etc/passwd"]],
    ['["CMD", "cat", "a b"]', ["CMD", "cat", "a b"]],
    ["CMD-SHELL test -e /a b", ["CMD-SHELL", "test -e /a b"]],
  ])("%s", (text, test) => {
    expect(healthOf("--health-cmd", text)?.check.test).toEqual(test);
  });
  it.each(["none", "NONE", '["none"]'])("%s is no check, whatever the image has", (text) => {
    expect(ofImage({ Test: ["CMD", "true"] }, "--health-cmd", text)).toBeUndefined();
  });
  it("has podman's defaults, whatever the times of the image", () => {
    expect(ofImage({ Test: ["CMD", "true"], Interval: 1e9 }, "--health-cmd", "x")).toEqual({
      check: {
        ...{ test: ["CMD-SHELL", "x"], intervalMs: 30_000, timeoutMs: 30_000, retries: 3 },
        ...{ startPeriodMs: 0, startIntervalMs: 0 },
      },
      ...{ startup: undefined, onFailure: "none", logDestination: "local", maxLogCount: 5, maxLogSize: 500 },
    });
  });
});

describe("the image's HEALTHCHECK", () => {
  const image = {
    Test: ["CMD-SHELL", "x"],
    Interval: 5e9,
    Timeout: 0,
    StartPeriod: 2e9,
    StartInterval: 1e9,
    Retries: 7,
  };
  it("counts in nanoseconds, with 0 for the default", () => {
    expect(ofImage(image)?.check).toEqual({
      ...{ test: ["CMD-SHELL", "x"], intervalMs: 5000, timeoutMs: 30_000, retries: 7 },
      ...{ startPeriodMs: 2000, startIntervalMs: 1000 },
    });
  });
  it("can be changed by flags, and turned off", () => {
    expect(ofImage(image, "--health-interval", "1m30s", "--health-retries=1")?.check).toMatchObject({
      ...{ test: ["CMD-SHELL", "x"], intervalMs: 90_000, retries: 1, startPeriodMs: 2000 },
    });
    expect(ofImage(image, "--health-interval=disable")?.check.intervalMs).toBe(0);
    expect(ofImage(image, "--no-healthcheck")).toBeUndefined();
  });
  it.each([{ Test: ["NONE"] }, { Test: [] }, {}, { Test: "text" }, { Test: ["CMD"] }])("%j is none", (check) => {
    expect(ofImage(check)).toBeUndefined();
  });
});

describe("startup checks and what else belongs to health", () => {
  it("are read", () => {
    const flags = ["--health-startup-cmd", "y", "--health-startup-interval=1s", "--health-startup-retries=4"];
    const more = ["--health-startup-success=2", "--health-startup-timeout=3s", "--health-on-failure=restart"];
    const logs = ["--health-log-destination=/etc", "--health-max-log-count=0", "--health-max-log-size=10"];
    expect(healthOf("--health-cmd", "x", ...flags, ...more, ...logs, "--health-start-interval=2s")).toMatchObject({
      check: { startIntervalMs: 2000 },
      startup: { test: ["CMD-SHELL", "y"], intervalMs: 1000, timeoutMs: 3000, retries: 4, successes: 2 },
      ...{ onFailure: "restart", logDestination: "/etc", maxLogCount: 0, maxLogSize: 10 },
    });
  });
  it.each([
    [["--health-cmd=x", "--no-healthcheck"], "cannot specify both --no-healthcheck and --health-cmd"],
    [["--health-startup-cmd=x", "--no-healthcheck"], "cannot specify both --no-healthcheck and --health-startup-cmd"],
    [["--health-startup-cmd=x"], "cannot set a startup healthcheck when there is no regular healthcheck"],
    [["--health-on-failure=kill"], "cannot set on-failure action to kill without a health check"],
    [["--health-cmd=x", "--health-on-failure=panic"], 'invalid on-failure action "panic" for health check: supported'],
    [["--health-cmd=x", "--health-interval=5"], 'invalid healthcheck-interval: time: missing unit in duration "5"'],
    [["--health-cmd=x", "--health-interval=often"], 'invalid healthcheck-interval: time: invalid duration "often"'],
    [["--health-cmd=x", "--health-timeout=0s"], "healthcheck-timeout must be at least 1 second"],
    [["--health-cmd=x", "--health-start-period=-1s"], "healthcheck-start-period must be 0 seconds or greater"],
    [["--health-cmd=x", "--health-retries=0"], "healthcheck-retries must be greater than 0"],
    [["--health-cmd=[]"], "must define a healthcheck command for all healthchecks"],
    [["--health-cmd=x", "--health-log-destination=/no"], "HealthCheck Log '/no' destination error: stat /no: no such"],
    [["--health-cmd=x", "--health-log-destination=/dev/fuse"], "HealthCheck Log '/dev/fuse' destination must be direc"],
  ])("%j is refused", (flags, message) => {
    expect(() => healthOf(...flags)).toThrow(message);
  });
  it("tells that flags have no effect without a check", () => {
    const warnings: string[] = [];
    const caller = fakeCaller({ warn: (text) => void warnings.push(text) });
    expect(configOf(["--health-interval=1s", "image"], { caller }).health).toBeUndefined();
    expect(warnings).toEqual(["--health-interval has no effect: the container has no health check"]);
  });
});

describe("changeHealth()", () => {
  const change = (flags: Partial<HealthFlags>, before: HealthConfig | undefined) =>
    changeHealth({ flags: flags as HealthFlags, changed: (name) => name in flags, caller: fakeCaller() }, before);
  it("changes what was given, and nothing else", () => {
    const before = healthOf("--health-cmd=x", "--health-interval=1s", "--health-startup-cmd=y", "--health-retries=9");
    expect(change({ "health-cmd": "z", "health-on-failure": "stop" }, before)).toEqual({
      ...before,
      ...{ check: { ...before?.check, test: ["CMD-SHELL", "z"] }, onFailure: "stop" },
    });
    expect(change({ "no-healthcheck": true }, { ...(before as HealthConfig), startup: undefined })).toBeUndefined();
  });
});
