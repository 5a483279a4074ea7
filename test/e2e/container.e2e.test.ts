import { createHash, randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const image = "localhost/dhow-busybox:latest";
const run = ["run", "--network", "none"];

describe.skipIf(!canBe("range"))("containers", () => {
  let user: TestUser;
  beforeAll(() => {
    user = testUser("range");
  });
  afterAll(() => user?.dispose());

  const sh = (script: string, ...flags: string[]) => user.dhow([...run, "--rm", ...flags, image, "sh", "-c", script]);

  describe("dhow run", () => {
    it.each([
      ["the program's own", "exit 42", 42],
      ["128 and the signal that ended it", "sh -c 'kill -TERM $$'; exit $?", 143],
    ])("exits with %s", async (_, script, exitCode) => {
      expect(await sh(script)).toMatchObject({ exitCode });
    });

    it("exits with 127 for a program that does not exist and 126 for one that cannot be run", async () => {
      expect(await user.dhow([...run, "--rm", image, "nosuch"])).toEqual({
        exitCode: 127,
        stdout: "",
        stderr:
          "Error: crun: executable file `nosuch` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found\n",
      });
      expect(await user.dhow([...run, "--rm", image, "/etc"])).toMatchObject({
        exitCode: 126,
        stderr: expect.stringContaining("OCI permission denied"),
      });
    });

    it("keeps stdout and stderr apart", async () => {
      expect(await sh("echo out; echo err >&2")).toEqual({ exitCode: 0, stdout: "out\n", stderr: "err\n" });
    });

    it("passes stdin on byte for byte, and its end, only with -i", async () => {
      const bytes = randomBytes(3_000_000);
      const flags = [...run, "--rm", "-i", image, "sha256sum"];
      const { stdout } = await user.dhow(flags, { input: bytes });
      expect(stdout.split(" ")[0]).toBe(createHash("sha256").update(bytes).digest("hex"));
      expect(await user.dhow([...run, "--rm", image, "cat"], { input: "nobody reads this" })).toMatchObject({
        stdout: "",
      });
    });

    it("reads variables from a file of the caller's folder, which is none of Node's business", async () => {
      const write = 'printf "A=1\\nB\\nNODE_OPTIONS=--no-such-option\\n" >variables && exec "$@"';
      const dhow = ["dhow", ...run, "--rm", "--env-file", "variables", image, "env"];
      const { stdout, stderr } = await user.program(["sh", "-c", write, "sh", ...dhow], { env: { B: "2" } });
      expect(stderr).toBe("");
      expect(stdout.split("\n")).toEqual(expect.arrayContaining(["A=1", "B=2", "NODE_OPTIONS=--no-such-option"]));
    });

    it("passes large outputs on whole, to a slow reader as well", async () => {
      const script = `dhow run --rm --network none ${image} sh -c 'yes 0123456789abcdef | head -n 300000' | (sleep 1; sha256sum)`;
      const { stdout } = await user.program(["sh", "-c", script]);
      const expected = createHash("sha256").update("0123456789abcdef\n".repeat(300_000)).digest("hex");
      expect(stdout.split(" ")[0]).toBe(expected);
    });

    it("ends like a program in a pipe whose reader is gone, and the container goes on", async () => {
      const script = `{ dhow run --network none --name pipe ${image} sh -c 'echo first; sleep 2; echo second; sleep 1000'; echo $? >&2; } | head -n 1`;
      expect(await user.program(["sh", "-c", script])).toMatchObject({ stdout: "first\n", stderr: "141\n" });
      expect(await user.succeed(["ps", "-q", "--filter", "name=pipe"])).not.toBe("");
      await user.succeed(["rm", "-f", "-t", "0", "pipe"]);
    });

    it("passes signals on", async () => {
      const command = user.start([
        ...run,
        "--rm",
        image,
        "sh",
        "-c",
        'trap "echo got it; exit 9" USR1; echo ready; while :; do sleep 0.1; done',
      ]);
      await command.waitFor("ready");
      command.signal("SIGUSR1");
      expect(await command.end()).toMatchObject({ exitCode: 9, stdout: "ready\ngot it\n" });
    });

    it("leaves the container running when its own signals are not passed on", async () => {
      const command = user.start([
        ...run,
        "--sig-proxy=false",
        "--name",
        "kept",
        image,
        "sh",
        "-c",
        "echo ready; sleep 1000",
      ]);
      await command.waitFor("ready");
      command.signal("SIGTERM");
      expect(await command.end()).toMatchObject({ exitCode: 143 });
      expect(await user.succeed(["exec", "kept", "echo", "alive"])).toBe("alive");
      await user.succeed(["rm", "-f", "-t", "0", "kept"]);
    });

    it("writes the ids it is asked for", async () => {
      const files = ["--cidfile", "c.id", "--pidfile", "p.id", "--conmon-pidfile", "m.id"];
      const id = await user.succeed([...run, "-d", "--name", "files", ...files, image, "sleep", "1000"]);
      const { stdout } = await user.program(["cat", "c.id"]);
      expect(stdout).toBe(id);
      const pids = await user.program(["sh", "-c", "cat /proc/$(cat p.id)/comm /proc/$(cat m.id)/comm"]);
      expect(pids.stdout).toBe("sleep\nconmon\n");
      expect(await user.succeed(["rm", "-f", "-t", "0", "--cidfile", "c.id"])).toBe(id);
    });

    it("refuses a name in use, and replaces its container when asked to", async () => {
      const first = await user.succeed(["create", "--name", "taken", image, "true"]);
      expect(await user.dhow(["create", "--name", "taken", image, "true"])).toMatchObject({
        exitCode: 125,
        stderr: expect.stringContaining(`the container name "taken" is already in use by ${first}`),
      });
      const second = await user.succeed(["create", "--replace", "--name", "taken", image, "true"]);
      expect(await user.dhow(["container", "exists", first])).toMatchObject({ exitCode: 1 });
      expect(await user.succeed(["rm", "taken"])).toBe("taken");
      expect(second).not.toBe(first);
    });

    it("keeps the filter of system calls that crun has compiled, and it filters", async () => {
      for (let attempt = 0; attempt < 2; attempt++) {
        expect(await sh("grep Seccomp: /proc/self/status; unshare -n true")).toMatchObject({
          exitCode: 1,
          stdout: "Seccomp:\t2\n",
          stderr: expect.stringContaining("Operation not permitted"),
        });
      }
      expect(await sh("grep Seccomp: /proc/self/status", "--security-opt", "seccomp=unconfined")).toMatchObject({
        stdout: "Seccomp:\t0\n",
      });
    });

    it("runs with runc as well", async () => {
      const { exitCode, stdout } = await user.dhow([
        "--runtime",
        "runc",
        ...run,
        "--rm",
        image,
        "sh",
        "-c",
        "echo hi; exit 3",
      ]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: "hi\n" });
    });
  });

  describe("dhow start, stop, kill, wait and rm", () => {
    it("start shows the output with -a, and lets a container run again with what it wrote", async () => {
      await user.succeed([
        "create",
        "--network",
        "none",
        "--name",
        "again",
        image,
        "sh",
        "-c",
        "echo x >> /file; cat /file; exit 3",
      ]);
      expect(await user.dhow(["start", "-a", "again"])).toMatchObject({ exitCode: 3, stdout: "x\n" });
      expect(await user.dhow(["start", "-a", "again"])).toMatchObject({ exitCode: 3, stdout: "x\nx\n" });
      await user.succeed(["rm", "again"]);
    });

    it("start fails with the reason and leaves the container as it was", async () => {
      await user.succeed(["create", "--network", "none", "--name", "bad", image, "nosuch"]);
      expect(await user.dhow(["start", "bad"])).toMatchObject({
        exitCode: 125,
        stderr: expect.stringMatching(/^Error: unable to start container "[0-9a-f]{64}": crun: .*`nosuch` not found/),
      });
      expect(await user.succeed(["ps", "-a", "--filter", "name=bad", "--format", "{{.State}}"])).toBe("created");
      await user.succeed(["rm", "bad"]);
    });

    it("stop heeds the timeout and says when it has to kill", async () => {
      await user.succeed([
        ...run,
        "-d",
        "--name",
        "deaf",
        image,
        "sh",
        "-c",
        'trap "" TERM; while :; do sleep 0.1; done',
      ]);
      expect(await user.dhow(["stop", "-t", "1", "deaf"])).toMatchObject({
        exitCode: 0,
        stdout: "deaf\n",
        stderr: expect.stringContaining("StopSignal SIGTERM failed to stop container deaf in 1 seconds"),
      });
      expect(await user.succeed(["wait", "deaf"])).toBe("137");
      expect(await user.dhow(["stop", "deaf"])).toMatchObject({ exitCode: 0, stdout: "deaf\n" });
      await user.succeed(["rm", "deaf"]);
    });

    it("rm goes on after failures and tells them by its exit code", async () => {
      await user.succeed(["create", "--name", "a", image, "true"]);
      expect(await user.dhow(["rm", "nosuch", "a"])).toMatchObject({
        exitCode: 1,
        stdout: "a\n",
        stderr: 'Error: no container with ID or name "nosuch" found: no such container\n',
      });
      const id = await user.succeed([...run, "-d", "--name", "b", image, "sleep", "1000"]);
      expect(await user.dhow(["rm", "b"])).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining(`cannot remove container ${id} as it is running`),
      });
      expect(await user.dhow(["rm", "--ignore", "nosuch"])).toMatchObject({ exitCode: 0 });
      expect(await user.succeed(["kill", "--signal", "KILL", "b"])).toBe("b");
      expect(await user.succeed(["wait", "b"])).toBe("137");
      expect(await user.succeed(["rm", "b"])).toBe("b");
    });

    it("wait tells the exit code of a --rm container that ends while it waits", async () => {
      await user.succeed([...run, "-d", "--rm", "--name", "brief", image, "sh", "-c", "sleep 4; exit 7"]);
      expect(await user.succeed(["wait", "brief"])).toBe("7");
      await expect.poll(async () => (await user.dhow(["container", "exists", "brief"])).exitCode).toBe(1);
    });

    it("a --rm container is removed although nobody waits for it", async () => {
      await user.succeed([...run, "-d", "--rm", "--name", "alone", image, "sleep", "0.3"]);
      await delay(1000);
      await user.expectNothingLeft();
    });
  });

  describe("dhow logs", () => {
    it("gives every byte back, streams apart, partial lines as they were", async () => {
      const script = "printf 'one\\n\\nno newline'; printf 'e\\377rr\\n' >&2";
      await user.dhow([...run, "--name", "logged", image, "sh", "-c", script]);
      const { stdout, stderr } = await user.program(["sh", "-c", "dhow logs logged 2>err; od -An -c err >&2"]);
      expect(stdout).toBe("one\n\nno newline");
      expect(stderr.trim()).toMatch(/^e 377\s+r\s+r\s+\\n$/);
      expect(await user.succeed(["logs", "--tail", "1", "logged"])).toBe("no newline");
      expect(await user.succeed(["logs", "-t", "--tail", "3", "logged"])).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z /);
      await user.succeed(["rm", "logged"]);
    });

    it("follows until the container ends", async () => {
      await user.succeed([
        ...run,
        "-d",
        "--name",
        "talk",
        image,
        "sh",
        "-c",
        "for i in 1 2 3; do echo $i; sleep 0.3; done",
      ]);
      expect(await user.succeed(["logs", "-f", "talk"])).toBe("1\n2\n3");
      await user.succeed(["rm", "talk"]);
    });
  });

  describe("dhow exec", () => {
    beforeAll(async () => {
      await user.succeed([...run, "-d", "--name", "host", "-e", "A=1", image, "sleep", "1000"]);
    });
    afterAll(() => user.succeed(["rm", "-f", "-t", "0", "host"]));

    it("passes streams, environment, folder, user and exit code", async () => {
      const flags = ["-i", "-e", "B=2", "-w", "/tmp", "-u", "nobody"];
      const script = "echo $A$B $(pwd) $(id -un) $(cat); echo err >&2; exit 5";
      expect(await user.dhow(["exec", ...flags, "host", "sh", "-c", script], { input: "in" })).toEqual({
        exitCode: 5,
        stdout: "12 /tmp nobody in\n",
        stderr: "err\n",
      });
    });

    it("exits with 127 and 126 as run does", async () => {
      expect(await user.dhow(["exec", "host", "nosuch"])).toEqual({
        exitCode: 127,
        stdout: "",
        stderr:
          "Error: crun: executable file `nosuch` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found\n",
      });
      expect(await user.dhow(["exec", "host", "/etc"])).toMatchObject({ exitCode: 126 });
    });

    it("runs in the background with -d", async () => {
      expect(await user.succeed(["exec", "-d", "host", "sh", "-c", "echo done > /done"])).toMatch(/^[0-9a-f]{64}$/);
      await expect.poll(async () => (await user.dhow(["exec", "host", "cat", "/done"])).stdout).toBe("done\n");
    });

    it("refuses a container that does not run", async () => {
      await user.succeed(["create", "--name", "idle", image, "true"]);
      expect(await user.dhow(["exec", "idle", "true"])).toMatchObject({
        exitCode: 125,
        stderr: expect.stringContaining(
          "can only create exec sessions on running containers: container state improper",
        ),
      });
      await user.succeed(["rm", "idle"]);
    });
  });

  describe("restart policies", () => {
    const restarts = async (name: string) =>
      Number(await user.succeed(["inspect", "--format", "{{.RestartCount}}", name]));

    it("on-failure tries as often as it is told to", async () => {
      await user.succeed([
        ...run,
        "-d",
        "--restart",
        "on-failure:2",
        "--name",
        "flaky",
        image,
        "sh",
        "-c",
        "echo try; exit 1",
      ]);
      await expect.poll(() => restarts("flaky"), { timeout: 20_000 }).toBe(2);
      await expect
        .poll(() => user.succeed(["ps", "-a", "--filter", "name=flaky", "--format", "{{.State}}"]), { timeout: 10_000 })
        .toBe("exited");
      expect(await user.succeed(["logs", "flaky"])).toBe("try\ntry\ntry");
      await user.succeed(["rm", "flaky"]);
    });

    it("always starts again what was killed from outside, but not what the user stopped", async () => {
      await user.succeed([
        ...run,
        "-d",
        "--restart",
        "always",
        "--name",
        "server",
        "--pidfile",
        "server.pid",
        image,
        "sleep",
        "1000",
      ]);
      await user.program(["sh", "-c", "kill -9 $(cat server.pid)"]);
      await expect.poll(() => restarts("server"), { timeout: 20_000 }).toBe(1);
      expect(await user.succeed(["exec", "server", "echo", "back"])).toBe("back");
      await user.succeed(["stop", "-t", "0", "server"]);
      await delay(1000);
      expect(await user.succeed(["ps", "-q", "--filter", "name=server"])).toBe("");
      await user.succeed(["rm", "server"]);
    });
  });

  it("leave nothing behind", () => user.expectNothingLeft());
});
