import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const image = "localhost/dhow-busybox:latest";

describe.skipIf(!canBe("range"))("dhow cp", () => {
  let user: TestUser;
  let box: string;
  beforeAll(async () => {
    user = testUser("range");
    box = join(user.home, "box");
    mkdirSync(join(box, "dir/sub"), { recursive: true });
    writeFileSync(join(box, "file"), "one\n");
    writeFileSync(join(box, "dir/sub/deep"), "two\n");
    symlinkSync("/etc/passwd", join(box, "dir/link"));
    if (process.getuid?.() === 0) execFileSync("chown", ["-Rh", user.name, box]);
    const script = "mkdir -p /data; echo inner >/data/inner; ln -s ../../../.. /data/up; ln -s /nowhere /data/dangling";
    await user.succeed([
      "run",
      "-d",
      "--network",
      "none",
      "--name",
      "runs",
      "--user",
      "1000:1000",
      "-w",
      "/tmp",
      image,
      "sleep",
      "1000",
    ]);
    await user.succeed(["exec", "--user", "root", "runs", "sh", "-c", script]);
    await user.succeed([
      "create",
      "--network",
      "none",
      "--name",
      "stopped",
      "-v",
      `${box}:/mnt/box`,
      image,
      "cat",
      "/etc/copied",
    ]);
  });
  afterAll(async () => {
    await user?.succeed(["rm", "-f", "-t", "0", "--all"]);
    await user?.expectNothingLeft();
    await user?.dispose();
  });

  it("copies to a running container, and gives what it copies to its user", async () => {
    await user.succeed(["cp", "box/file", "runs:/srv/"]);
    await user.succeed(["cp", "box/file", "runs:named"]);
    await user.succeed(["container", "cp", "box/dir", "runs:/srv"]);
    await user.succeed(["cp", "box/dir/.", "runs:/srv/new"]);
    const shown = await user.succeed([
      "exec",
      "runs",
      "sh",
      "-c",
      "cat /srv/file /tmp/named /srv/dir/sub/deep /srv/new/sub/deep; stat -c %u:%g /srv/file; readlink /srv/dir/link",
    ]);
    expect(shown).toBe("one\none\ntwo\ntwo\n1000:1000\n/etc/passwd");
    await user.succeed(["cp", "box/file", "runs:/etc/hosts"]);
    expect(await user.succeed(["exec", "runs", "cat", "/etc/hosts"])).toBe("one");
  });

  it("copies from a container, and never out of it", async () => {
    await user.succeed(["cp", "runs:/data/inner", "box/fetched"]);
    expect(readFileSync(join(box, "fetched"), "utf8")).toBe("inner\n");
    expect(statSync(join(box, "fetched")).uid).toBe(user.uid);
    // The link leads above the root: that is the container's own root.
    await user.succeed(["cp", "runs:/data/up/etc/hostname", "box/hostname"]);
    expect(readFileSync(join(box, "hostname"), "utf8")).toMatch(/^[0-9a-f]{12}\n$/);
    await user.succeed(["cp", "box/file", "runs:/data/dangling"]);
    expect(await user.succeed(["exec", "runs", "cat", "/nowhere"])).toBe("one");
  });

  it("copies to and from a container that does not run, into its mounts as well", async () => {
    await user.succeed(["cp", "box/file", "stopped:/etc/copied"]);
    await user.succeed(["cp", "runs:/data", "stopped:/mnt/box/from-runs"]);
    expect(readFileSync(join(box, "from-runs/inner"), "utf8")).toBe("inner\n");
    await user.succeed(["cp", "stopped:/etc/copied", "box/back"]);
    expect(readFileSync(join(box, "back"), "utf8")).toBe("one\n");
    expect(await user.succeed(["start", "--attach", "stopped"])).toBe("one");
  });

  it("reads and writes archives", async () => {
    const { stdout } = await user.program(["sh", "-c", "dhow cp runs:/data - | tar -t"]);
    expect(stdout).toBe("data/\ndata/dangling\ndata/inner\ndata/up\n");
    await user.program(["sh", "-c", "tar -cz -C box --owner=7 --group=8 file | dhow cp --archive=false - runs:/data"]);
    expect(await user.succeed(["exec", "runs", "stat", "-c", "%u:%g", "/data/file"])).toBe("7:8");
    expect(await user.dhow(["cp", "-", "runs:/data"], { input: "no archive" })).toMatchObject({
      exitCode: 125,
      stderr: "Error: source must be a (compressed) tar archive when copying from stdin\n",
    });
    expect(await user.dhow(["cp", "-", "runs:/data/inner"], { input: "" })).toMatchObject({
      stderr: "Error: destination must be a directory when copying from stdin\n",
    });
  });

  it.each([
    [["box/nosuch", "runs:/"], '"box/nosuch" could not be found on the host: no such file or directory'],
    [["box/file", "runs:/nosuch/"], '"/nosuch/" could not be found on container runs: no such file or directory'],
    [["runs:/tmp/*", "box"], '"/tmp/*" could not be found on container runs: no such file or directory'],
    [["box/dir", "runs:/data/inner"], "destination must be a directory when copying a directory"],
    [["runs:/data/inner", "/dev/stdout"], 'invalid destination: "/dev/stdout" must be a directory or a regular file'],
    [["nosuch:/x", "box"], 'container "nosuch" does not exist'],
    [["runs:", "box"], 'invalid arguments "runs:", "box": you must specify paths'],
  ])("refuses %j", async (operands, message) => {
    expect(await user.dhow(["cp", ...operands])).toMatchObject({ exitCode: 125, stderr: `Error: ${message}\n` });
  });

  it("replaces a folder by a file only when it may", async () => {
    mkdirSync(join(box, "clash/inner"), { recursive: true });
    if (process.getuid?.() === 0) execFileSync("chown", ["-R", user.name, join(box, "clash")]);
    const { exitCode, stderr } = await user.dhow(["cp", "runs:/data/inner", "box/clash"]);
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining('error creating "/inner"'),
    });
    await user.succeed(["cp", "--overwrite", "runs:/data/inner", "box/clash"]);
    expect(readFileSync(join(box, "clash/inner"), "utf8")).toBe("inner\n");
  });
});
