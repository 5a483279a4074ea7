import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const image = "localhost/dhow-busybox:latest";
const run = ["run", "-d", "--network", "none"];
/** Fails once /sick exists; what it says goes to both streams. */
const check = "--health-cmd=echo fine; echo really >&2; test ! -e /sick";

describe.skipIf(!canBe("range"))("health checks", () => {
  let user: TestUser;
  beforeAll(() => {
    user = testUser("range");
  });
  afterAll(() => user?.dispose());
  afterEach(async () => {
    await user.succeed(["rm", "--all", "--force", "--time", "0"]);
    await user.expectNothingLeft();
  });

  /** Without the copy of itself that a shell makes while it waits for a program's output. */
  const timers = () => {
    const all = user.processes().filter(({ command }) => command.includes("health-timer"));
    const parent = (pid: number) => Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]);
    return all.filter(({ pid }) => !all.some((other) => other.pid === parent(pid)));
  };
  const health = (name: string) => user.succeed(["inspect", "--format", "{{.State.Health.Status}}", name]);
  const until = async (test: () => Promise<boolean>) => {
    for (const deadline = Date.now() + 60_000; !(await test()); await delay(100)) {
      if (Date.now() > deadline) throw new Error("it did not happen within a minute");
    }
  };

  it("run by themselves: starting, healthy, unhealthy, and healthy again", async () => {
    const id = await user.succeed([
      ...run,
      "--name",
      "web",
      check,
      "--health-interval=500ms",
      "--health-retries=2",
      image,
      "sleep",
      "1000",
    ]);
    expect(await user.succeed(["wait", "--condition=healthy", "web"])).toBe("-1");
    expect(await user.succeed(["ps", "--filter", "health=healthy", "--format", "{{.Names}} {{.Status}}"])).toMatch(
      /^web Up .* \(healthy\)$/,
    );
    await user.succeed(["exec", "web", "touch", "/sick"]);
    expect(await user.succeed(["wait", "--condition=unhealthy", "web"])).toBe("-1");
    const { Log, FailingStreak } = JSON.parse(await user.succeed(["inspect", "-f", "{{json .State.Healthcheck}}", id]));
    expect(FailingStreak).toBeGreaterThanOrEqual(2);
    expect(Log.at(-1)).toMatchObject({ ExitCode: 1, Output: "fine\nreally\n" });
    expect(Log.length).toBeLessThanOrEqual(5);
    await user.succeed(["exec", "web", "rm", "/sick"]);
    expect(await user.succeed(["wait", "--condition=healthy", "web"])).toBe("-1");

    expect(timers()).toHaveLength(1);
    await user.succeed(["restart", "--time", "0", "web"]);
    await until(async () => (await health("web")) === "healthy");
    expect(timers()).toHaveLength(1);
    // A timer that was killed is started again by a check.
    for (const { pid } of timers()) process.kill(pid, "SIGKILL");
    await user.succeed(["healthcheck", "run", "web"]);
    expect(timers()).toHaveLength(1);
    // However its container ends, and whoever is killed beside it.
    for (const { pid } of user.processes().filter(({ command }) => command.includes("conmon")))
      process.kill(pid, "SIGKILL");
    await user.succeed(["kill", "web"]);
    await until(async () => timers().length === 0);
  });

  it("of a container cost less than 3 MB of memory", async () => {
    await user.succeed([...run, "--name", "idle", "--health-cmd=true", "--health-interval=1h", image, "sleep", "1000"]);
    await user.succeed(["wait", "--condition=healthy", "idle"]);
    const isTimer = ({ command }: { command: string }) => /health-timer|flock/.test(command);
    await until(async () => user.processes().filter(isTimer).length === 2);
    const sizes = user
      .processes()
      .filter(isTimer)
      .map(({ pid }) => {
        return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"))?.[1]);
      });
    expect(sizes.reduce((sum, kilobytes) => sum + kilobytes)).toBeLessThan(3000);
  });

  it("can be run by hand, with podman's words and exit codes", async () => {
    const flags = [check, "--health-interval=disable", "--health-retries=1", `--health-log-destination=${user.home}`];
    const id = await user.succeed([
      ...run,
      "--name",
      "manual",
      ...flags,
      "--health-max-log-count=1",
      "--health-max-log-size=4",
      image,
      "sleep",
      "1000",
    ]);
    expect(timers()).toEqual([]);
    expect(await health("manual")).toBe("starting");
    expect(await user.dhow(["healthcheck", "run", "manual"])).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect(await health("manual")).toBe("healthy");
    await user.succeed(["exec", "manual", "touch", "/sick"]);
    const unhealthy = { stdout: "unhealthy\n", stderr: "" };
    expect(await user.dhow(["healthcheck", "run", "manual"])).toEqual({ exitCode: 1, ...unhealthy });
    expect(await user.dhow(["healthcheck", "run", "--ignore-result", "manual"])).toEqual({ exitCode: 0, ...unhealthy });
    const text = readFileSync(join(user.home, `${id}-healthcheck.log`), "utf8");
    expect(JSON.parse(text)).toMatchObject({ Status: "unhealthy", Log: [{ Output: "fine" }] });
    const config = "{{.Config.HealthMaxLogCount}} {{.Config.HealthMaxLogSize}} {{json .Config.Healthcheck}}";
    expect(await user.succeed(["inspect", "-f", config, "manual"])).toBe(
      `1 4 {"Test":["CMD-SHELL","echo fine; echo really >&2; test ! -e /sick"],"Timeout":30000000000,"Retries":1}`,
    );
    await user.succeed(["stop", "--time", "0", "manual"]);
    expect(await user.dhow(["healthcheck", "run", "manual"])).toMatchObject({
      ...{ exitCode: 125, stderr: `Error: container ${id} is not running\n` },
    });
    expect(await user.dhow(["healthcheck", "run", "nosuch"])).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining("unable to look up nosuch to perform a health check: no container with name"),
    });
    const plain = await user.succeed(["create", image, "true"]);
    expect(await user.dhow(["wait", "--condition=healthy", plain])).toMatchObject({
      ...{ exitCode: 125, stderr: `Error: cannot use condition "healthy": container ${plain} has no healthcheck\n` },
    });
  });

  it("end a check that takes too long, with what it has started", async () => {
    await user.succeed([
      ...run,
      "--name",
      "slow",
      "--health-cmd=sleep 3333 | sleep 3333",
      "--health-timeout=500ms",
      "--health-interval=disable",
      image,
      "sleep",
      "1000",
    ]);
    expect(await user.dhow(["healthcheck", "run", "slow"])).toMatchObject({ exitCode: 1, stdout: "unhealthy\n" });
    expect(await user.succeed(["inspect", "-f", "{{(index .State.Health.Log 0).ExitCode}}", "slow"])).toBe("-1");
    expect(await user.succeed(["exec", "slow", "ps"])).not.toContain("3333");
  });

  it.each([
    ["kill", "exited"],
    ["stop", "exited"],
    ["restart", "running"],
    ["none", "running"],
  ])("do what --health-on-failure=%s says", async (action, state) => {
    await user.succeed([
      ...run,
      "--name",
      "poor",
      "--stop-timeout=0",
      check,
      "--health-retries=1",
      `--health-on-failure=${action}`,
      "--health-interval=disable",
      image,
      "sleep",
      "1000",
    ]);
    await user.succeed(["exec", "poor", "touch", "/sick"]);
    expect(await user.dhow(["healthcheck", "run", "poor"])).toMatchObject({ exitCode: 1, stdout: "unhealthy\n" });
    if (action === "restart") await user.succeed(["wait", "--condition=running", "poor"]);
    expect(
      await user.succeed(["inspect", "-f", "{{.State.Status}} {{.Config.HealthcheckOnFailureAction}}", "poor"]),
    ).toBe(`${state} ${action}`);
    const restarts = "{{.RestartCount}} {{.State.Health.FailingStreak}}";
    if (action === "restart") expect(await user.succeed(["inspect", "-f", restarts, "poor"])).toBe("1 0");
  });

  it("begin with the startup check, which restarts a container that does not get ready", async () => {
    const startup = ["--health-startup-interval=300ms", "--health-interval=300ms", "--stop-timeout=0"];
    await user.succeed([
      ...run,
      "--name",
      "ready",
      ...startup,
      "--health-cmd=true",
      "--health-startup-cmd=test -e /up",
      image,
      "sh",
      "-c",
      "sleep 2; touch /up; sleep 1000",
    ]);
    expect(await health("ready")).toBe("starting");
    await user.succeed(["wait", "--condition=healthy", "ready"]);
    await user.succeed([
      ...run,
      "--name",
      "never",
      ...startup,
      "--health-cmd=true",
      "--health-startup-cmd=false",
      "--health-startup-retries=2",
      image,
      "sleep",
      "1000",
    ]);
    await until(async () => Number(await user.succeed(["inspect", "-f", "{{.RestartCount}}", "never"])) >= 1);
  });
});
