import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { lockPath } from "../../src/system/file-lock.ts";
import { startProgram, tryRun } from "../../src/system/process.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dhow-lock-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const isFree = () => tryRun(["flock", "--nonblock", folder, "true"]).exitCode === 0;

describe("lockPath()", () => {
  it("keeps other processes out until it is disposed of", async () => {
    {
      using _lock = await lockPath(folder);
      expect(isFree()).toBe(false);
    }
    expect(isFree()).toBe(true);
  });

  it("lets one flow in after the other", async () => {
    let inside = 0;
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        using _lock = await lockPath(folder);
        expect(++inside).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 2));
        inside--;
      }),
    );
  });

  it("waits for a process that holds the lock, and gets it when that is killed", async () => {
    const holder = startProgram(["flock", "--no-fork", folder, "sh", "-c", "echo locked; exec sleep 1000"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    await new Promise((resolve) => holder.stdout?.once("data", resolve));
    const waiting = lockPath(folder);
    holder.kill("SIGKILL");
    (await waiting)[Symbol.dispose]();
  });

  it("says what is missing", async () => {
    vi.stubEnv("PATH", folder);
    await expect(lockPath(folder)).rejects.toMatchObject({ kind: "unavailable", message: `cannot lock ${folder}` });
  });
});
