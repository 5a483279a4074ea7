import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const image = "localhost/dhow-busybox:latest";

describe.skipIf(!canBe("range") || !canBe("norange"))("two users of one machine", () => {
  let ana: TestUser;
  let bob: TestUser;
  beforeAll(async () => {
    ana = testUser("range");
    bob = testUser("norange");
    await ana.succeed(["secret", "create", "hush", "-"], { input: "hush" });
    const flags = ["--network", "none", "-v", "data:/data", "--secret", "hush"];
    await ana.succeed(["run", "-d", "--name", "web", ...flags, image, "sh", "-c", "echo private; sleep 1000"]);
    // The tests put homes into a folder of their own, which everybody may enter: as /home is.
    await ana.program(["chmod", "755", ana.home]);
  });
  afterAll(async () => {
    await ana?.dispose();
    await bob?.dispose();
  });

  it("have folders that nobody else may enter", () => {
    const data = join(ana.home, ".local/share/dhow");
    const run = ana.namespace()?.runFolder as string;
    const inside = ["containers", "volumes", "secrets", "layers", "blobs", "namespace", "tmp"].map((name) =>
      join(data, name),
    );
    for (const folder of [data, run, ...inside.slice(0, 3)]) expect(statSync(folder).mode & 0o077, folder).toBe(0);
    const [id] = readdirSync(join(run, "containers"));
    expect(statSync(join(run, "containers", id as string)).mode & 0o077).toBe(0);
  });

  it("cannot read each other's state, logs, volumes, secrets and sockets", async () => {
    const data = join(ana.home, ".local/share/dhow");
    const run = ana.namespace()?.runFolder as string;
    for (const path of [
      data,
      `${data}/state.db`,
      `${data}/volumes/data/_data`,
      `${data}/secrets`,
      run,
      `${run}/containers`,
    ]) {
      const { exitCode, stderr } = await bob.program(["ls", path]);
      expect({ exitCode, stderr }, path).toMatchObject({ stderr: expect.stringContaining("Permission denied") });
    }
    expect((await bob.dhow(["--root", data, "ps", "-a"])).exitCode).toBe(125);
  });

  it("cannot list, signal or enter each other's containers", async () => {
    expect(await bob.succeed(["ps", "-aq"])).toBe("");
    expect((await bob.dhow(["exec", "web", "true"])).stderr).toContain('no container with name or ID "web" found');
    const pid = await ana.succeed(["inspect", "-f", "{{.State.Pid}}", "web"]);
    expect((await bob.program(["sh", "-c", `kill -0 ${pid}`])).stderr).toContain("not permitted");
    expect((await bob.program(["nsenter", "-t", pid, "-U", "-m", "--preserve-credentials", "true"])).exitCode).not.toBe(
      0,
    );
    expect((await bob.program(["cat", `/proc/${pid}/environ`])).stderr).toContain("Permission denied");
    expect((await bob.program(["ls", `/proc/${pid}/root/`])).stderr).toContain("Permission denied");
    expect(await ana.succeed(["exec", "web", "echo", "alive"])).toBe("alive");
  });

  it("leaves nothing behind", async () => {
    await ana.succeed(["rm", "-f", "-t", "0", "-v", "web"]);
    await ana.expectNothingLeft();
  });
});
