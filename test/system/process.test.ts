import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type RunResult, runProgramAsync, tryRun, tryRunAsync } from "../../src/system/process.ts";

afterEach(() => vi.unstubAllEnvs());

function shell(script: string): [string, ...string[]] {
  return ["sh", "-c", script];
}

/** Whether the process has ended, be it that nobody has waited for it yet. */
function isOver(pid: number): boolean {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}

describe.each<[string, (argv: [string, ...string[]], options?: object) => RunResult | Promise<RunResult>]>([
  ["tryRun()", tryRun],
  ["tryRunAsync()", tryRunAsync],
])("%s", (_, run) => {
  it("returns what the program said as it is, whatever its exit code", async () => {
    expect(await run(shell("echo out; echo err >&2; exit 3"))).toEqual({
      exitCode: 3,
      stdout: "out\n",
      stderr: "err\n",
    });
  });

  it("counts the signal that ended the program", async () => {
    expect((await run(shell("kill -KILL $$"))).exitCode).toBe(137);
  });

  it("keeps the caller's own stdin from the program", async () => {
    expect((await run(["cat"])).stdout).toBe("");
  });

  it("hides the launcher's variables, or gives the given environment alone", async () => {
    vi.stubEnv("DHOW_UID", "1");
    vi.stubEnv("OF_THE_USER", "2");
    const both = shell('echo "$DHOW_UID,$OF_THE_USER"');
    expect((await run(both)).stdout).toBe(",2\n");
    expect((await run(both, { env: { PATH: process.env.PATH } })).stdout).toBe(",\n");
  });

  it("says so when there is no such program", async () => {
    await expect((async () => run(["/nowhere/program"]))()).rejects.toMatchObject({
      kind: "unavailable",
      message: "cannot start /nowhere/program",
    });
  });
});

describe("tryRunAsync()", () => {
  it("gives the input, also to a program that does not read it", async () => {
    expect((await tryRunAsync(["cat"], { input: "a secret" })).stdout).toBe("a secret");
    expect((await tryRunAsync(["true"], { input: "x".repeat(1 << 20) })).exitCode).toBe(0);
  });

  it("lets this process go on", async () => {
    const order: string[] = [];
    const program = tryRunAsync(shell("sleep 0.5")).then(() => order.push("program"));
    await delay(1);
    order.push("timer");
    await program;
    expect(order).toEqual(["timer", "program"]);
  });

  it("ends a program that takes too long", async () => {
    const running = tryRunAsync(["sleep", "600"], { timeoutMs: 100 });
    await expect(running).rejects.toThrow("sleep was ended: it did not end within 0.1 seconds");
  });

  it("ends a program that says too much", async () => {
    await expect(tryRunAsync(["yes"])).rejects.toThrow("yes was ended: it said too much");
  });

  it("ends the program when its signal is aborted", async () => {
    const reason = new Error("enough");
    await expect(tryRunAsync(["true"], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);

    const abort = new AbortController();
    let pid = 0;
    const running = tryRunAsync(["sleep", "600"], { signal: abort.signal });
    await vi.waitFor(() => {
      const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ");
      pid = Number(children.find((child) => readFileSync(`/proc/${child}/cmdline`, "utf8").startsWith("sleep")));
      expect(pid).toBeGreaterThan(0);
    });
    abort.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect(isOver(pid)).toBe(true);
  });
});

describe("runProgramAsync()", () => {
  it("returns stdout, or fails with the last line of stderr", async () => {
    expect(await runProgramAsync(["echo", "x"])).toBe("x\n");
    await expect(runProgramAsync(shell("echo first >&2; echo last >&2; exit 1"))).rejects.toThrow("sh: last");
    await expect(runProgramAsync(["false"])).rejects.toThrow("false: exit status 1");
  });
});
