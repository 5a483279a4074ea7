import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DhowError } from "../../src/errors.ts";
import { findLeftovers, type LaunchRequest, launchContainer } from "../../src/runtime/launch.ts";
import { sendSignal } from "../../src/system/signals.ts";

const fixtures = join(import.meta.dirname, "fixtures");

describe("launchContainer()", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "dhow-launch-"));
    vi.stubEnv("CALLS", join(folder, "calls"));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    const { init } = findLeftovers(folder);
    if (init) sendSignal(init.pid, "SIGKILL");
    rmSync(folder, { recursive: true });
  });

  const calls = () => (existsSync(join(folder, "calls")) ? readFileSync(join(folder, "calls"), "utf8") : "");
  const launch = (change: Partial<LaunchRequest> = {}) =>
    launchContainer({
      tools: {
        conmon: `${fixtures}/conmon`,
        runtime: `${fixtures}/runtime`,
        runtimeName: "crun",
        runtimeArguments: [],
        cgroupEntry: [],
      },
      id: "c1",
      name: "web",
      runDirectory: folder,
      terminal: false,
      stdin: false,
      log: { driver: "none", path: "", maxSizeBytes: undefined },
      timeoutSeconds: 0,
      exitCommand: ["/bin/true"],
      mount: { commands: [["touch", "it's mounted"]], cwd: folder },
      network: [],
      connect: undefined,
      healthTimer: undefined,
      preserveFds: [],
      networkError: (output) => new DhowError(`network: ${output.trim()}`, { kind: "unavailable" }),
      ...change,
    });

  it("mounts, creates and starts, each when it is told to", async () => {
    const { mounted, create, start } = launch();
    await mounted;
    expect(existsSync(join(folder, "it's mounted"))).toBe(true);
    expect(findLeftovers(folder)).toMatchObject({ script: { pid: expect.any(Number) }, init: undefined });
    const { init, monitor } = await create();
    expect(findLeftovers(folder).init).toEqual(init);
    expect(monitor).toEqual(init);
    expect(calls()).toBe("");
    await start();
    expect(calls()).toBe(`--root=${folder}/runtime start c1\n`);
    expect(findLeftovers(folder).script).toBeUndefined();
  });

  it("lets the runtime delete a created container that is abandoned", async () => {
    const { mounted, create, abandon } = launch();
    await mounted;
    await create();
    await abandon();
    expect(calls()).toBe(`--root=${folder}/runtime delete --force c1\n`);
  });

  it("says why the root filesystem could not be mounted", async () => {
    const { mounted, abandon } = launch({ mount: { commands: [["ls", "/nowhere"]], cwd: "/" } });
    await expect(mounted).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringMatching(/^cannot mount the root filesystem of container web: .*\/nowhere/),
    });
    await abandon();
    expect(calls()).toBe("");
  });

  it("says why the network could not be made", async () => {
    const { mounted, create } = launch({ network: [["sh", "-c", "echo no tun >&2; exit 1"]] });
    await mounted;
    await expect(create()).rejects.toThrow("network: no tun");
  });

  it("deletes the container when its network could not be connected", async () => {
    const { mounted, create, start } = launch({ connect: ["sh", "-c", "sleep 0.2; echo no pasta >&2; exit 1"] });
    await mounted;
    await create();
    await expect(start()).rejects.toThrow("network: no pasta");
    expect(calls()).toContain("delete --force c1");
  });

  it("passes descriptors on, with the lock of a health check behind them", async () => {
    const file = openSync(join(folder, "note"), "w");
    const { mounted, create, start } = launch({ preserveFds: [file], healthTimer: ["true"] });
    await mounted;
    await create();
    await start();
    closeSync(file);
    expect(readFileSync(join(folder, "note"), "utf8")).toBe(`--runtime-opt ${file - 2}`);
    expect(spawnSync("flock", ["-n", join(folder, "alive"), "true"]).status).toBe(1);
  });

  it("passes on what conmon complains about when it is started with descriptors", async () => {
    vi.stubEnv("COMPLAIN", "option parsing failed");
    const file = openSync(join(folder, "note"), "w");
    const { mounted, create } = launch({ preserveFds: [file] });
    await mounted;
    await expect(create()).rejects.toThrow("conmon failed: conmon: option parsing failed");
    closeSync(file);
  });

  it("passes on what the runtime said when it could not create the container", async () => {
    vi.stubEnv("FAIL", "executable file `x` not found in $PATH: No such file or directory");
    const { mounted, create, abandon } = launch();
    await mounted;
    await expect(create()).rejects.toMatchObject({ exitCode: 127, message: expect.stringContaining("`x` not found") });
    await abandon();
  });

  it("passes on what the runtime said when it could not start the container", async () => {
    vi.stubEnv("FAIL_START", "open executable: Permission denied");
    const { mounted, create, start } = launch();
    await mounted;
    await create();
    await expect(start()).rejects.toMatchObject({ exitCode: 126 });
  });

  it("passes on what conmon complains about", async () => {
    vi.stubEnv("COMPLAIN", "option parsing failed");
    const { mounted, create } = launch();
    await mounted;
    await expect(create()).rejects.toThrow("conmon failed: conmon: option parsing failed");
  });

  it("does nothing in a run folder that was cleaned up in the meantime", async () => {
    const { mounted } = launch({ runDirectory: join(folder, "gone") });
    await expect(mounted).rejects.toThrow();
    expect(existsSync(join(folder, "it's mounted"))).toBe(false);
  });
});
