import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const script = join(import.meta.dirname, "../../../libexec/health-timer");

describe("libexec/health-timer", () => {
  let folder: string;
  const started: ChildProcess[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "dhow-timer-"));
  });
  afterEach(() => {
    for (const child of started.splice(0)) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (argv: [string, ...string[]]) => {
    const child = spawn(argv[0], argv.slice(1), { stdio: "ignore" });
    started.push(child);
    return child;
  };
  const ended = (child: ChildProcess) =>
    child.exitCode !== null || child.signalCode !== null
      ? Promise.resolve()
      : new Promise<void>((resolve) => child.once("exit", () => resolve()));
  /** A monitor that holds the lock, as conmon does. */
  const monitor = async () => {
    const child = start(["flock", join(folder, "alive"), "sleep", "1000"]);
    for (let held = false; !held; await delay(10)) {
      const probe = start(["flock", "-n", join(folder, "alive"), "true"]);
      await ended(probe);
      held = probe.exitCode === 1;
    }
    return child;
  };
  /** A timer whose check writes a line and prints `said`. */
  const timer = (said: string) => start([script, folder, "/bin/sh", "-c", `echo x >>"${folder}/checks"; echo ${said}`]);
  const checks = () =>
    existsSync(join(folder, "checks")) ? readFileSync(join(folder, "checks"), "utf8").length / 2 : 0;
  const untilChecked = async (times: number) => {
    while (checks() < times) await delay(10);
  };

  it("checks at once and then in the interval that the check tells", async () => {
    await monitor();
    timer("0.05");
    await untilChecked(4);
  });

  it("ends when the check says so", async () => {
    await monitor();
    await ended(timer("end"));
    expect(checks()).toBe(1);
  });

  it("ends with the monitor at once, however long the interval", async () => {
    const { pid } = await monitor();
    const child = timer("3600");
    await untilChecked(1);
    // flock(1) and the program that it runs both hold the lock.
    process.kill(Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim()), "SIGKILL");
    await ended(child);
    expect(checks()).toBe(1);
  });

  it("goes on after the monitor was killed, until the container ends", async () => {
    const init = start(["sleep", "1000"]);
    writeFileSync(join(folder, "pidfile"), `${init.pid}`);
    const child = timer("0.05");
    await untilChecked(3);
    init.kill("SIGKILL");
    await ended(child);
  });

  it("makes way for the timer of a later start", async () => {
    await monitor();
    const first = timer("0.05");
    await untilChecked(1);
    timer("3600");
    await ended(first);
  });

  it("ends at SIGTERM together with what it waits in", async () => {
    await monitor();
    const child = timer("3600");
    await untilChecked(1);
    await delay(100);
    const waiting = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "latin1").trim();
    child.kill("SIGTERM");
    await ended(child);
    while (existsSync(`/proc/${waiting}/ns/pid`)) await delay(10);
    expect(waiting).not.toBe("");
  });
});
