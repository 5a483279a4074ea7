import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { getVariable } from "../../src/system/environment.ts";
import { canBe, type TestUser, testUser } from "./harness.ts";

const image = "localhost/dhow-busybox:latest";
/** `DHOW_TEST_SCALE=big`: 200 killed processes, and 200 containers from 20 shells. */
const isBig = getVariable("DHOW_TEST_SCALE") === "big";
const scale = isBig ? 10 : 1;
const run = ["run", "-d", "--network", "none", "--name"];

describe.skipIf(!canBe("range"))("dhow system check", () => {
  let user: TestUser;
  beforeAll(async () => {
    user = testUser("range");
    await user.succeed(["run", "--rm", "--network=none", image, "true"]);
  });
  afterAll(() => user?.dispose());

  it(
    "heals what is left of commands whose processes are killed at random moments",
    async () => {
      const commands = [
        [...run, "NAME", "--health-cmd=true", "--health-interval=1s", image, "sleep", "1000"],
        ["exec", "NAME", "true"],
        ["restart", "-t", "0", "NAME"],
        ["run", "--rm", "--network", "none", image, "true"],
        ["rm", "-f", "-t", "0", "NAME"],
        ["start", "NAME"],
        ["run", "-d", "--pod", "new:POD", "--network", "none", image, "sleep", "1000"],
        ["pod", "restart", "POD"],
        ["commit", "NAME", "made"],
        ["pod", "rm", "-f", "-t", "0", "POD"],
      ];
      for (let round = 0; round < 20 * scale; round++) {
        const words = commands[round % commands.length] as string[];
        const names: Record<string, string> = { NAME: `c${round % 4}`, POD: `p${round % 2}` };
        const command = user.start(words.map((word) => (word.startsWith("new:") ? "new:p0" : (names[word] ?? word))));
        await delay(Math.random() * 400);
        const pause = user.namespace()?.pid;
        const processes = [...user.processes().map(({ pid }) => pid), ...(pause === undefined ? [] : [pause])];
        const victim = processes[Math.floor(Math.random() * processes.length)];
        if (victim !== undefined) spawnSync("kill", ["-9", String(victim)]);
        await command.end();
      }
      await user.succeed(["system", "check", "--repair"]);
      expect(await user.succeed(["system", "check"])).toBe("");
      await user.succeed(["pod", "rm", "--all", "--force", "--time", "0"]);
      await user.succeed(["rm", "--all", "--force", "--time", "0"]);
      await user.expectNothingLeft();
    },
    180_000 * scale,
  );

  it("names what is wrong, and removes it", async () => {
    const stray = join(user.home, ".run/dhow/containers", "f".repeat(64));
    await user.program(["mkdir", "-p", stray]);
    const fault = `container ${"f".repeat(12)}: does not run, but has left: its run folder`;
    expect(await user.dhow(["system", "check", "--quick"])).toEqual({
      exitCode: 125,
      stdout: `${fault}\n`,
      stderr: "Error: damage detected in local storage\n'dhow system check --repair' heals it\n",
    });
    expect(await user.succeed(["system", "check", "-r", "-q", "--max=1h"])).toBe(`${fault} (removed)`);
    expect(await user.succeed(["system", "check"])).toBe("");
    expect((await user.dhow(["system", "check", "--max=soon"])).stderr).toContain('invalid duration "soon"');
  });

  it(
    "finds nothing after many containers from many shells",
    async () => {
      const count = (upTo: number) => Array.from({ length: upTo }, (_, index) => index + 1);
      const script = (shell: number) =>
        count(isBig ? 10 : 4)
          .map((number) => `s${shell}-${number}`)
          .map(
            (name) =>
              `dhow ${[...run, name].join(" ")} ${image} sleep 1000 && dhow exec ${name} true && dhow rm -f -t 0 ${name}`,
          )
          .join(" && ");
      const shells = await Promise.all(count(isBig ? 20 : 5).map((shell) => user.program(["sh", "-c", script(shell)])));
      expect(shells.filter(({ exitCode, stderr }) => exitCode !== 0 || stderr !== "")).toEqual([]);
      expect(await user.succeed(["system", "check"])).toBe("");
      await user.expectNothingLeft();
    },
    180_000 * scale,
  );
});

/** A small file system of its own is mounted, which takes root. */
describe.skipIf(!canBe("range") || process.getuid?.() !== 0)("a full disk", () => {
  let user: TestUser;
  let folder: string;
  beforeAll(() => {
    user = testUser("range");
    folder = join(user.home, "small");
    mkdirSync(folder);
    spawnSync("mount", ["-t", "tmpfs", "-o", `size=16m,mode=0700,uid=${user.uid}`, "small", folder]);
  });
  afterAll(async () => {
    spawnSync("umount", ["-l", folder]);
    rmSync(folder, { recursive: true, force: true });
    await user?.dispose();
  });

  it("is said clearly, and breaks nothing", async () => {
    const dhow = (...args: string[]) => user.dhow(["--root", folder, ...args]);
    expect(await dhow("run", "--rm", "--network=none", image, "echo", "fits")).toMatchObject({ stdout: "fits\n" });
    expect(await dhow(...run, "web", image, "sleep", "1000")).toMatchObject({ exitCode: 0 });
    writeFileSync(join(folder, "filler"), "");
    spawnSync("dd", ["if=/dev/zero", `of=${join(folder, "filler")}`, "bs=4k"]);
    for (const args of [
      ["create", "--name", "more", image, "true"],
      ["run", "--name", "more", "--network=none", image, "sh", "-c", "cat /dev/zero >/file"],
      ["rename", "web", "other"],
      ["commit", "web", "made"],
      ["pod", "create", "--name", "crew", "--network=none"],
    ]) {
      const { exitCode, stderr } = await dhow(...args);
      if (exitCode !== 0) expect(stderr).toMatch(/no space left on device|disk is full|database or disk is full/i);
      expect(stderr).not.toMatch(/please report| at .*\.cjs/);
    }
    rmSync(join(folder, "filler"));
    expect((await dhow("system", "check", "--repair")).exitCode).toBe(0);
    expect(await dhow("system", "check")).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect(await dhow("run", "--rm", "--network=none", image, "echo", "again")).toMatchObject({ stdout: "again\n" });
    expect(await dhow("pod", "rm", "--all", "--force")).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await dhow("rm", "--all", "--force", "--time", "0")).toMatchObject({ exitCode: 0, stderr: "" });
  });
});
