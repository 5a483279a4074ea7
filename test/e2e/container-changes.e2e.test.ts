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

  it("keeps limits, or says in one warning that it cannot", async () => {
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
    if (stderr === "") expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "67108864\n" });
    else expect(stderr).toMatch(/limits by memory are not kept: .*Delegate=cpu cpuset io memory pids/);
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

  it("passes file descriptors to a process under their numbers", async () => {
    const script = "echo hello >f; exec dhow exec --preserve-fd 5 long cat /proc/self/fd/5 5<f";
    expect(await user.program(["sh", "-c", script])).toMatchObject({ exitCode: 0, stdout: "hello\n" });
    expect(await user.dhow(["exec", "--preserve-fd", "99", "long", "true"])).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining("file descriptor 99 is not available"),
    });
    expect(await user.program(["sh", "-c", "exec dhow exec -d --preserve-fds 1 long true 3<f"])).toMatchObject({
      exitCode: 125,
    });
  });

  it("starts what a container requires, and keeps it as long", async () => {
    await user.succeed(["create", "--network", "none", "--name", "base", image, "sleep", "1000"]);
    await user.succeed(["run", "--network", "none", "--name", "above", "--requires", "base", image, "true"]);
    expect(await user.succeed(["ps", "--filter", "name=base", "--format", "{{.Names}}"])).toBe("base");
    expect(await user.dhow(["rm", "-f", "-t", "0", "base"])).toMatchObject({
      stderr: expect.stringContaining("has dependent containers"),
    });
  });

  it("sets up what programs see of their user, hosts and machine", async () => {
    const flags = [
      "--user",
      "4321",
      "--passwd-entry",
      "$USERNAME:*:$UID:0:me:/home:/bin/ash",
      "--hosts-file",
      "none",
      "--personality",
      "LINUX32",
    ];
    const script = "grep 4321 /etc/passwd; cat /etc/hosts; uname -m";
    const { stdout } = await user.dhow([
      "run",
      "--rm",
      "--network",
      "none",
      "--hostname",
      "box",
      ...flags,
      image,
      "sh",
      "-c",
      script,
    ]);
    expect(stdout).toMatch(/^4321:\*:4321:0:me:\/home:\/bin\/ash\n[\s\S]*box[\s\S]*\ni686\n$/);
    const without = await user.dhow([
      "run",
      "--rm",
      "--network",
      "none",
      "--user",
      "4321",
      "--passwd=false",
      image,
      "grep",
      "4321",
      "/etc/passwd",
    ]);
    expect(without).toMatchObject({ exitCode: 1, stdout: "" });
  });

  it("runs what a label says, and removes the image with the container", async () => {
    await user.succeed([
      "commit",
      "--change",
      'LABEL RUN="podman run --rm --network none --name NAME IMAGE echo from label"',
      "one",
      "labelled",
    ]);
    expect(await user.succeed(["container", "runlabel", "--display", "RUN", "labelled", "more"])).toBe(
      "command: podman run --rm --network none --name labelled labelled echo from label more",
    );
    expect(await user.dhow(["container", "runlabel", "--quiet", "RUN", "labelled"])).toMatchObject({
      stdout: "from label\n",
    });
    expect(await user.dhow(["container", "runlabel", "NOSUCH", "labelled"])).toMatchObject({ exitCode: 125 });
    await user.succeed(["run", "--rmi", "--network", "none", "labelled", "true"]);
    expect(await user.dhow(["image", "exists", "labelled"])).toMatchObject({ exitCode: 1 });
  });

  it("says why there are no checkpoints", async () => {
    expect(await user.dhow(["container", "checkpoint", "--export", "x.tar", "long"])).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining("Error: checkpointing a container requires root\n"),
    });
  });
});
