import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const image = "localhost/dhow-busybox:latest";

describe.skipIf(!canBe("range"))("changing containers", () => {
  let user: TestUser;
  beforeAll(async () => {
    user = testUser("range");
    await user.succeed([
      "create",
      "--network",
      "none",
      "--name",
      "one",
      "-e",
      "A=1",
      "-e",
      "B=2",
      image,
      "sh",
      "-c",
      "echo $A-$B-$C; exit 3",
    ]);
  });
  afterAll(async () => {
    await user?.succeed(["rm", "-f", "-t", "0", "--all"]);
    await user?.expectNothingLeft();
    await user?.dispose();
  });

  it("update changes environment, limits of the process, restart policy and health check", async () => {
    const flags = [
      "--env",
      "C=3",
      "--unsetenv",
      "A",
      "--ulimit",
      "nofile=100:200",
      "--restart",
      "on-failure:2",
      "--health-cmd",
      "true",
    ];
    expect(await user.succeed(["update", ...flags, "one"])).toBe("one");
    const format = "{{.HostConfig.RestartPolicy.Name}} {{(index .HostConfig.Ulimits 0).Hard}}";
    expect(await user.succeed(["inspect", "-f", format, "one"])).toBe("on-failure 200");
    await user.succeed(["update", "--restart", "no", "--no-healthcheck", "one"]);
    expect(await user.dhow(["start", "--attach", "one"])).toMatchObject({ exitCode: 3, stdout: "-2-3\n" });
  });

  it("refuses limits that cannot be kept, or keeps them", async () => {
    const { exitCode, stderr, stdout } = await user.dhow([
      "run",
      "--rm",
      "--network",
      "none",
      "--memory",
      "64m",
      image,
      "cat",
      "/sys/fs/cgroup/memory.max",
    ]);
    if (exitCode === 0) expect(stdout).toBe("67108864\n");
    else expect(stderr).toMatch(/^Error: resource limits cannot be kept: /);
  });

  it("clone makes another one like it", async () => {
    const id = await user.succeed(["container", "clone", "one"]);
    expect(await user.succeed(["inspect", "-f", "{{.Name}} {{.Id}}", "one-clone"])).toBe(`one-clone ${id}`);
    await user.succeed(["container", "clone", "--run", "one", "two"]);
    expect(await user.succeed(["wait", "two"])).toBe("3");
    await user.succeed(["container", "clone", "--destroy", "two"]);
    expect(await user.succeed(["ps", "-a", "--format", "{{.Names}}", "--sort", "names"])).toBe(
      "one\none-clone\ntwo-clone",
    );
  });

  it("wait returns with the first, and knows its conditions", async () => {
    await user.succeed(["run", "-d", "--network", "none", "--name", "long", image, "sleep", "1000"]);
    expect(await user.succeed(["wait", "--return-first", "long", "one"])).toBe("3");
    expect(await user.succeed(["wait", "--condition", "running", "long"])).toBe("-1");
    expect(await user.dhow(["wait", "--condition", "nosuch", "long"])).toMatchObject({
      exitCode: 125,
      stderr: "Error: unknown container state: nosuch: invalid argument\n",
    });
  });

  it("says why there are no checkpoints", async () => {
    expect(await user.dhow(["container", "checkpoint", "--export", "x.tar", "long"])).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining("Error: checkpointing a container requires root\n"),
    });
  });
});
