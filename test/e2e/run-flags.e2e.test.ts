import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const image = "localhost/dhow-busybox";

describe.skipIf(!canBe("range"))("flags of dhow run", () => {
  let user: TestUser;
  beforeAll(() => {
    user = testUser("range");
  });
  afterAll(() => user.dispose());

  const run = (...argv: string[]) => user.succeed(["run", "--rm", ...argv]);
  const shell = async (script: string) => {
    const result = await user.program(["bash", "-c", script]);
    expect(result).toMatchObject({ exitCode: 0 });
    return result.stdout;
  };

  it("--rootfs runs in a folder, and with :O leaves it as it is", async () => {
    const root = join(user.home, "root");
    const id = (await user.succeed(["create", image, "true"])).trim();
    const tar = join(user.home, "root.tar");
    await user.succeed(["export", "-o", tar, id]);
    await shell(`mkdir ${root} && tar -x -C ${root} -f ${tar}`);
    await user.succeed(["rm", id]);

    expect(await run("--rootfs", `${root}:O`, "sh", "-c", "echo new >/mark; cat /mark")).toBe("new");
    expect(existsSync(join(root, "mark"))).toBe(false);
    await user.succeed(["run", "--name", "inplace", "--rootfs", root, "sh", "-c", "echo kept >/mark"]);
    expect(readFileSync(join(root, "mark"), "utf8")).toBe("kept\n");
    const stdout = await user.succeed(["inspect", "--format", "{{.Rootfs}}|{{.Image}}|{{.ImageDigest}}", "inplace"]);
    expect(stdout).toBe(`${root}||`);
    expect((await user.dhow(["commit", "inplace", "made"])).stderr).toContain("the container has no image");
    await user.succeed(["rm", "inplace"]);
    expect(existsSync(join(root, "bin"))).toBe(true);
    expect(await user.dhow(["run", "--rm", "--rootfs", root])).toMatchObject({
      exitCode: 127,
      stderr: expect.stringContaining("executable file `` not found in $PATH"),
    });
  });

  it("--workdir must exist, unless something is mounted there", async () => {
    expect(await user.dhow(["run", "--rm", "-w", "/no/such", image, "pwd"])).toMatchObject({
      exitCode: 126,
      stderr: expect.stringMatching(/^Error: workdir "\/no\/such" does not exist on container [0-9a-f]{64}/),
    });
    expect(await run("-w", "/data/sub", "-v", "v:/data", image, "pwd")).toBe("/data/sub");
  });

  it("--userns=keep-id has the user's name and home, and a user database that can be changed", async () => {
    expect(await run("--userns=keep-id", "-w", "/tmp", image, "sh", "-c", "echo $HOME ~")).toBe("/tmp /tmp");
    const change = "cp /etc/passwd /etc/p; mv /etc/p /etc/passwd && grep -c :1000: /etc/passwd";
    const known = await run("--userns=keep-id:uid=1000", "--user=0", "--hostuser=root", image, "sh", "-c", change);
    expect(known).toBe("1");
    expect(await run("--userns=keep-id", "--privileged", image, "sh", "-c", "grep -c ' /sys ' /proc/mounts")).toBe("1");
  });

  it("--cidfile goes with the container, which keeps to the runtime that it was made with", async () => {
    const file = join(user.home, "cid");
    const id = await user.succeed([
      "--runtime",
      "/usr/bin/crun",
      "run",
      "-d",
      "--cidfile",
      file,
      image,
      "sleep",
      "1000",
    ]);
    expect(readFileSync(file, "utf8")).toBe(id.trim());
    const format = "{{.HostConfig.ContainerIDFile}} {{.OCIRuntime}}";
    expect(await user.succeed(["inspect", "--format", format, id.trim()])).toBe(`${file} /usr/bin/crun`);
    expect(await user.succeed(["exec", id.trim(), "echo", "in"])).toBe("in");
    await user.succeed(["rm", "-f", "-t", "0", id.trim()]);
    expect(existsSync(file)).toBe(false);
  });

  it("exec -d tells of the end of its process", async () => {
    await user.succeed(["run", "-d", "--name", "bg", image, "sleep", "1000"]);
    const watching = user.start(["events", "--filter", "event=exec_died", "--format", "{{.ContainerExitCode}}"]);
    await user.succeed(["exec", "-d", "bg", "sh", "-c", "sleep 1; exit 5"]);
    await watching.waitFor("5");
    watching.signal("SIGTERM");
    await user.succeed(["rm", "-f", "-t", "0", "bg"]);
  });

  it("--preserve-fd passes descriptors on, and no others", async () => {
    const command = `dhow run --rm --preserve-fd=9,40 ${image} sh -c 'ls /proc/self/fd; cat <&40' 9</dev/null 10</dev/null 40<<<note`;
    const lines = (await shell(command)).trim().split("\n");
    expect(lines.pop()).toBe("note");
    expect(lines.filter((fd) => Number(fd) > 4).sort()).toEqual(["40", "9"]);
  });

  it("--systemd, --chrootdirs and --memory=0 do what they say", async () => {
    const script = "test -w /run/lock && stat -f -c %T /var/log/journal; env | grep -c container_uuid";
    expect(await run("--systemd=always", image, "sh", "-c", script)).toBe("tmpfs\n1");
    expect(await run("--chrootdirs=/jail", "--memory=0", image, "ls", "/jail/etc")).toBe(
      "hostname\nhosts\nresolv.conf",
    );
    expect((await user.dhow(["run", "--rm", "--kernel-memory=1m", image, "true"])).stderr).toContain(
      "no longer supported",
    );
  });

  it("leaves nothing behind", async () => {
    await user.succeed(["volume", "rm", "v"]);
    await user.expectNothingLeft();
  });
});
