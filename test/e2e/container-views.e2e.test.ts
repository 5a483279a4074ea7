import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const image = "localhost/dhow-busybox:latest";

describe.skipIf(!canBe("range"))("looking into containers", () => {
  let user: TestUser;
  let id: string;
  beforeAll(async () => {
    user = testUser("range");
    const script = "sleep 1000 & exec sleep 2000";
    const ports = ["-p", "127.0.0.1:18931:80", "-p", "127.0.0.1:18932:81/udp"];
    id = await user.succeed(["run", "-d", "--name", "busy", ...ports, image, "sh", "-c", script]);
    await user.succeed(["create", "--name", "idle", image, "true"]);
  });
  afterAll(async () => {
    await user?.succeed(["rm", "-f", "-t", "0", "--all"]);
    await user?.expectNothingLeft();
    await user?.dispose();
  });

  it("top shows the processes by podman's columns, and by those of ps", async () => {
    expect(await user.succeed(["top", "busy"])).toMatch(
      /^USER +PID +PPID +%CPU +ELAPSED +TTY +TIME +COMMAND\nroot +1 +0 +[0-9.]+ +\S+ +\? +\S+ +sleep 2000\nroot +2 +1 .* sleep 1000$/,
    );
    expect(await user.succeed(["top", "busy", "pid,args", "seccomp", "%U"])).toMatch(
      /^PID +COMMAND +SECCOMP +USER\n1 +sleep 2000 +filter +root\n2 /,
    );
    expect(await user.succeed(["container", "top", "busy", "huser"])).toBe(`HUSER\n${user.name}\n${user.name}`);
    const lines = (await user.succeed(["top", "busy", "-eo", "pid,comm"])).split("\n").map((line) => line.trim());
    expect(lines).toEqual(["PID COMMAND", "1 sleep", "2 sleep"]);
    expect(await user.dhow(["top", "idle"])).toMatchObject({
      exitCode: 125,
      stderr: "Error: top can only be used on running containers\n",
    });
  });

  it("stats shows what is known without a cgroup, once and again", async () => {
    expect(await user.succeed(["stats", "--no-stream", "--all"])).toMatch(
      /^ID +NAME +CPU % +MEM USAGE \/ LIMIT +MEM % +NET IO +BLOCK IO +PIDS +CPU TIME +AVG CPU %\n(?:.*\n)?.* busy +[0-9.]+% +[0-9.]+[kM]B \/ /,
    );
    const [row] = JSON.parse(await user.succeed(["stats", "--no-stream", "--format", "json", "busy"]));
    expect(row).toMatchObject({ id: id.slice(0, 12), name: "busy", block_io: "-- / --", pids: "2" });
    expect(await user.succeed(["stats", "--no-stream", "--format", "{{.Name}} {{.PIDS}} {{.MemUsage}}", "idle"])).toBe(
      "idle -- -- / --",
    );
    const watching = user.start(["stats", "--interval", "1", "--no-reset", "--format", "{{.ContainerID}}", "busy"]);
    await watching.waitFor(`${id}\n${id}`);
    watching.signal("SIGTERM");
    await watching.end();
  });

  it("port shows the mappings", async () => {
    expect(await user.succeed(["port", "busy"])).toBe("80/tcp -> 127.0.0.1:18931\n81/udp -> 127.0.0.1:18932");
    expect(await user.succeed(["port", "busy", "80"])).toBe("127.0.0.1:18931");
    expect(await user.succeed(["port", "busy", "81/udp"])).toBe("127.0.0.1:18932");
    expect(await user.succeed(["port", "--all"])).toMatch(new RegExp(`^${id}\n80/tcp -> `));
    expect(await user.dhow(["port", "busy", "80/udp"])).toMatchObject({
      exitCode: 125,
      stderr: 'Error: failed to find published port "80/udp"\n',
    });
  });

  it("init makes a container ready, which start lets go", async () => {
    const echo = ["create", "--network", "none", "--name", "ready", image, "sh", "-c", "echo went; exit 4"];
    await user.succeed(echo);
    expect(await user.succeed(["init", "ready"])).toBe("ready");
    expect(await user.succeed(["inspect", "-f", "{{.State.Status}}", "ready"])).toBe("initialized");
    expect(await user.dhow(["init", "ready"])).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining("already been created"),
    });
    expect(await user.dhow(["start", "--attach", "ready"])).toMatchObject({ exitCode: 4, stdout: "went\n" });
    await user.succeed(["init", "ready"]);
    expect(await user.succeed(["rm", "ready"])).toBe("ready");
  });

  it("pause says why it cannot, or pauses", async () => {
    const { exitCode, stderr } = await user.dhow(["pause", "busy"]);
    if (exitCode === 0) {
      expect(await user.succeed(["ps", "--filter", "status=paused", "--format", "{{.Names}}"])).toBe("busy");
      expect(await user.succeed(["unpause", "--all"])).toBe(id);
    } else {
      expect(stderr).toContain("Error: cannot pause without using Cgroups");
    }
    expect(await user.dhow(["unpause", "busy"])).toMatchObject({
      stderr: `Error: "${id}" is not paused, can't unpause: container state improper\n`,
    });
  });

  it("prune removes what does not run, after asking", async () => {
    const labelled = await user.succeed(["create", "-l", "keep=no", image, "true"]);
    expect(await user.dhow(["container", "prune"], { input: "n\n" })).toMatchObject({
      exitCode: 0,
      stdout: "WARNING! This will remove all non running containers.\nAre you sure you want to continue? [y/N] ",
    });
    expect(await user.succeed(["container", "prune", "--force", "--filter", "label=keep=no"])).toBe(labelled);
    expect((await user.dhow(["container", "prune"], { input: "y\n" })).stdout).toMatch(/\? \[y\/N\] [0-9a-f]{64}\n$/);
    expect(await user.succeed(["ps", "-a", "--format", "{{.Names}}"])).toBe("busy");
    expect(await user.dhow(["container", "prune", "-f", "--filter", "status=exited"])).toMatchObject({ exitCode: 125 });
  });
});
