import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";
import { isRunning } from "./namespace-record.ts";

const image = "localhost/dhow-busybox:latest";
const run = ["run", "--network", "none"];

/** The delays after which a command is killed: spread over the time that it takes, and different in each run. */
function randomDelays(count: number, spanMs: number): number[] {
  return Array.from({ length: count }, (_, index) => Math.round(((index + Math.random()) * spanMs) / count));
}

/** Returns when the process is gone, or a zombie: a process that is being killed still looks alive for a moment. */
async function killAndWait(pid: number | undefined): Promise<void> {
  if (pid === undefined) throw new Error("there is no such process");
  process.kill(pid, "SIGKILL");
  while (/^State:\s+[^ZX]/m.test(statusOf(pid))) await delay(5);
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}

describe.skipIf(!canBe("range"))("what was killed", () => {
  let user: TestUser;
  beforeAll(async () => {
    user = testUser("range");
    await user.succeed([...run, "--rm", image, "true"]);
  });
  afterAll(() => user?.dispose());
  afterEach(async () => {
    await user.succeed(["rm", "--all", "--force", "--time", "0"]);
    await user.expectNothingLeft();
  });

  async function namesOf(...filter: string[]): Promise<string[]> {
    const containers: { Names: string[] }[] = JSON.parse(
      await user.succeed(["ps", "-a", "--format", "json", ...filter]),
    );
    return containers.flatMap(({ Names }) => Names);
  }

  it.each([
    ["a foreground run", [...run, "--name", "victim", image, "sleep", "1000"]],
    ["run -d", [...run, "--name", "victim", "-d", image, "sleep", "1000"]],
    ["run --rm", [...run, "--name", "victim", "--rm", image, "true"]],
    ["create", ["create", "--network", "none", "--name", "victim", image, "sleep", "1000"]],
  ])("the command itself, %s, at any moment: its container can be listed, removed and made again", async (_, args) => {
    for (const afterMs of randomDelays(8, 300)) {
      const command = user.start(args);
      await delay(afterMs);
      command.signal("SIGKILL");
      await command.end();
      const left = await namesOf();
      expect([[], ["victim"]], `killed after ${afterMs} ms`).toContainEqual(left);
      if (left.length > 0) await user.succeed(["rm", "--force", "--time", "0", "victim"]);
      expect(await user.succeed([...run, "--name", "victim", "--rm", image, "echo", "again"])).toBe("again");
      await user.expectNothingLeft();
    }
  });

  it.each([
    ["start", ["start", "victim"]],
    ["stop", ["stop", "--time", "0", "victim"]],
    ["rm --force", ["rm", "--force", "--time", "0", "victim"]],
  ])("the command itself, %s, at any moment: the container can be started or removed after it", async (name, args) => {
    for (const afterMs of randomDelays(6, 200)) {
      await user.succeed([
        name === "start" ? "create" : "run",
        ...(name === "start" ? [] : ["-d"]),
        "--network",
        "none",
        "--name",
        "victim",
        image,
        "sleep",
        "1000",
      ]);
      const command = user.start(args);
      await delay(afterMs);
      command.signal("SIGKILL");
      await command.end();
      const left = await namesOf();
      expect(name === "rm --force" ? [[], ["victim"]] : [["victim"]], `killed after ${afterMs} ms`).toContainEqual(
        left,
      );
      if (left.length > 0) {
        await user.succeed(["start", "victim"]);
        expect(await namesOf("--filter", "status=running")).toEqual(["victim"]);
        await user.succeed(["rm", "--force", "--time", "0", "victim"]);
      }
      await user.expectNothingLeft();
    }
  });

  it("the monitor: the container can be listed, stopped and started again", async () => {
    const id = await user.succeed([...run, "-d", "--name", "orphan", image, "sleep", "1000"]);
    const monitor = user.processes().find(({ command }) => command.includes("conmon") && command.includes(id));
    await killAndWait(monitor?.pid);
    expect(await namesOf()).toEqual(["orphan"]);
    await user.succeed(["stop", "--time", "0", "orphan"]);
    expect(await namesOf("--filter", "status=exited")).toEqual(["orphan"]);
    await user.succeed(["start", "orphan"]);
    expect(await user.succeed(["exec", "orphan", "echo", "back"])).toBe("back");
  });

  it("the pause process: running containers go on, and can be entered, stopped and removed", async () => {
    await user.succeed([...run, "-d", "--name", "survivor", image, "sleep", "1000"]);
    await user.succeed([...run, "--name", "ended", image, "true"]);
    const before = user.namespace();
    await killAndWait(before?.pid);
    expect((await namesOf()).sort()).toEqual(["ended", "survivor"]);
    expect(await user.succeed(["exec", "survivor", "echo", "alive"])).toBe("alive");
    const after = user.namespace();
    expect(after && isRunning(after)).toBe(true);
    expect(after?.pid).not.toBe(before?.pid);
    await user.succeed(["start", "ended"]);
    await user.succeed(["stop", "--time", "0", "survivor"]);
    await user.succeed(["start", "survivor"]);
    expect(await user.succeed(["exec", "survivor", "echo", "again"])).toBe("again");
  });

  it("the pause process, and everything else of the user: what ran is listed as ended, and starts again", async () => {
    await user.succeed([...run, "-d", "--name", "felled", image, "sleep", "1000"]);
    const pause = user.namespace()?.pid as number;
    await Promise.all([pause, ...user.processes().map(({ pid }) => pid)].map(killAndWait));
    expect(await namesOf("--filter", "status=running")).toEqual([]);
    expect(await namesOf()).toEqual(["felled"]);
    await user.succeed(["start", "felled"]);
    expect(await user.succeed(["exec", "felled", "echo", "back"])).toBe("back");
  });

  it("all but the record of the pause process: another process of that pid is not entered", async () => {
    const record = user.namespace();
    await killAndWait(record?.pid);
    expect(await user.succeed([...run, "--rm", image, "echo", "fresh"])).toBe("fresh");
    expect(user.namespace()?.pid).not.toBe(record?.pid);
  });
});

describe.skipIf(!canBe("range"))("many at once", () => {
  let user: TestUser;
  beforeAll(() => {
    user = testUser("range");
  });
  afterAll(() => user?.dispose());

  it("fifty runs, the very first ones of this user: each prints its own output, and nothing is left", async () => {
    const numbers = Array.from({ length: 50 }, (_, index) => `run ${index}`);
    const results = await Promise.all(numbers.map((text) => user.dhow([...run, "--rm", image, "echo", text])));
    expect(results.filter(({ exitCode }) => exitCode !== 0)).toEqual([]);
    expect(results.map(({ stdout }) => stdout)).toEqual(numbers.map((text) => `${text}\n`));
    await user.expectNothingLeft();
  });

  it("one name for ten at once: one gets it, the others are told who has it", async () => {
    const attempts = Array.from({ length: 10 }, () => user.dhow(["create", "--name", "wanted", image, "true"]));
    const results = await Promise.all(attempts);
    expect(results.filter(({ exitCode }) => exitCode === 0)).toHaveLength(1);
    for (const { exitCode, stderr } of results.filter((result) => result.exitCode !== 0)) {
      expect({ exitCode, stderr }).toEqual({ exitCode: 125, stderr: expect.stringContaining("already in use") });
    }
    await user.succeed(["rm", "wanted"]);
    await user.expectNothingLeft();
  });
});
