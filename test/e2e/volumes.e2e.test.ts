import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const image = "localhost/dhow-busybox:latest";
const run = ["run", "--rm", "--network", "none"];

describe.skipIf(!canBe("range"))("volumes", () => {
  let user: TestUser;
  beforeAll(() => {
    user = testUser("range");
  });
  afterAll(() => user?.dispose());

  const sh = (script: string, ...flags: string[]) => user.succeed([...run, ...flags, image, "sh", "-c", script]);
  /** A folder of the user's with a file in it. */
  async function folder(name: string): Promise<string> {
    const path = `${user.home}/${name}`;
    await user.program(["sh", "-c", 'mkdir -p "$1" && echo text >"$1/file"', "sh", path]);
    return path;
  }

  it("volume create, ls, inspect, exists and rm", async () => {
    const flags = ["--label", "stage=test", "--opt", "o=uid=5,gid=6", "--driver", "local"];
    expect(await user.succeed(["volume", "create", ...flags, "data"])).toBe("data");
    expect(await user.dhow(["volume", "create", "data"])).toMatchObject({
      exitCode: 125,
      stderr: "Error: volume with name data already exists: volume already exists\n",
    });
    expect(await user.succeed(["volume", "create", "--ignore", "data"])).toBe("data");
    expect(await user.succeed(["volume", "ls"])).toBe("DRIVER      VOLUME NAME\nlocal       data");
    expect(await user.succeed(["volume", "ls", "-n", "--filter", "label=stage=none"])).toBe("");
    expect(await user.succeed(["volume", "ls", "--format", "{{.Name}} {{.Labels}} {{.Scope}}"])).toBe(
      "data stage=test local",
    );
    const [shown] = JSON.parse(await user.succeed(["volume", "inspect", "data"]));
    expect(shown).toMatchObject({ ...{ Name: "data", Driver: "local", UID: 5, GID: 6, Labels: { stage: "test" } } });
    expect(shown.Options).toEqual({ o: "uid=5,gid=6", UID: "5", GID: "6" });
    expect(await user.succeed(["inspect", "--type", "volume", "-f", "{{.Labels.stage}}", "data"])).toBe("test");
    expect(await sh("stat -c %u:%g /x", "-v", "data:/x")).toBe("5:6");
    expect(await user.dhow(["volume", "exists", "data"])).toMatchObject({ exitCode: 0 });
    expect(await user.dhow(["volume", "exists", "dat"])).toMatchObject({ exitCode: 1 });
    expect(await user.succeed(["volume", "rm", "data"])).toBe("data");
    expect(await user.dhow(["volume", "rm", "data"])).toMatchObject({
      exitCode: 1,
      stderr: 'Error: no volume with name "data" found: no such volume\n',
    });
    expect(await user.succeed(["volume", "rm", "--force", "data"])).toBe("");
    await user.succeed(["volume", "reload"]);
  });

  it("are made on demand, filled from the image the first time, and kept", async () => {
    await sh("rm /etc/profile; chmod 750 /etc", "-v", "named:/etc");
    expect(await sh("ls /x; stat -c %a /x", "-v", "named:/x")).toMatch(/^group\n.*passwd\n.*750$/s);
    await sh("true", "-v", "empty:/etc:nocopy");
    expect(await sh("ls -A /x", "-v", "empty:/x", "--image-volume", "ignore")).not.toContain("profile");
    expect(await sh("stat -c %u:%g /x; touch /x/file", "-v", "fresh:/x", "--user", "1000:2000")).toBe("1000:2000");
    await user.succeed(["volume", "rm", "named", "empty", "fresh"]);
  });

  it("of one's own go with the container: with --rm, and with rm -v", async () => {
    await sh("touch /x/file", "-v", "/x");
    expect(await user.succeed(["volume", "ls", "-q"])).toBe("");
    await user.succeed(["create", "--name", "web", "-v", "/own", "-v", "shared:/shared", image, "true"]);
    const own = await user.succeed([
      "inspect",
      "-f",
      '{{range .Mounts}}{{if ne .Name "shared"}}{{.Name}}{{end}}{{end}}',
      "web",
    ]);
    expect(
      await user.succeed(["inspect", "-f", "{{(index .Mounts 1).Type}} {{(index .Mounts 1).Driver}}", "web"]),
    ).toBe("volume local");
    expect(await user.succeed(["volume", "ls", "-q", "-f", "anonymous=true"])).toBe(own);
    await user.succeed(["rm", "-v", "web"]);
    expect(await user.succeed(["volume", "ls", "-q"])).toBe("shared");
    await user.succeed(["volume", "rm", "shared"]);
  });

  it("are not removed while they are used, but by force", async () => {
    const id = await user.succeed(["run", "-d", "--network", "none", "-v", "used:/x", image, "sleep", "1000"]);
    expect(await user.dhow(["volume", "rm", "used"])).toMatchObject({
      exitCode: 2,
      stderr: `Error: volume used is being used by the following container(s): ${id}: volume is being used\n`,
    });
    expect(await user.succeed(["ps", "-q", "--no-trunc", "--filter", "volume=used"])).toBe(id);
    expect(
      await user.succeed([...run, "--volumes-from", `${id}:ro`, image, "grep", "-c", " /x .*ro,", "/proc/mounts"]),
    ).toBe("1");
    expect(await user.succeed(["volume", "rm", "--force", "-t", "0", "used"])).toBe("used");
    expect(await user.succeed(["ps", "-aq"])).toBe("");
  });

  it("prune asks, and removes those that nobody uses", async () => {
    await user.succeed(["volume", "create", "named"]);
    const own = await user.succeed(["volume", "create"]);
    const question = "WARNING! This will remove all volumes not used by at least one container.";
    const { exitCode, stdout } = await user.dhow(["volume", "prune"], { input: "n\n" });
    expect({ exitCode, lines: stdout.split("\n").sort() }).toEqual({
      exitCode: 0,
      lines: [
        "Are you sure you want to continue? [y/N] ",
        `${question} The following volumes will be removed:`,
        ...[own, "named"],
      ].sort(),
    });
    expect(await user.succeed(["volume", "prune", "--dry-run", "--all=false"])).toBe(
      `Volumes that would be pruned:\n${own}`,
    );
    expect(await user.succeed(["volume", "prune", "--force", "--filter", "all=0"])).toBe(own);
    expect((await user.dhow(["volume", "prune", "--all=false"])).stdout).toContain(
      "No dangling anonymous volumes found",
    );
    expect((await user.dhow(["volume", "prune"], { input: "y\n" })).stdout).toMatch(/\[y\/N\] named\n$/);
    expect(await user.succeed(["volume", "ls", "-q"])).toBe("");
  });

  it("in memory and on folders of the host are mounted while somebody uses them", async () => {
    const data = await folder("data");
    await user.succeed(["volume", "create", "-o", "type=tmpfs", "-o", "o=size=2M", "scratch"]);
    await user.succeed(["volume", "create", "-o", "type=none", "-o", "o=bind", "-o", `device=${data}`, "bound"]);
    expect(await user.dhow(["volume", "create", "-o", "type=bind", "-o", "device=/bogus", "x"])).toMatchObject({
      stderr: "Error: invalid volume option device for driver 'local': faccessat /bogus: no such file or directory\n",
    });
    const mounts = () => user.succeed(["unshare", "sh", "-c", "grep -c /volumes/ /proc/self/mounts || true"]);
    const flags = ["-v", "scratch:/s", "-v", "bound:/b"];
    await user.succeed(["run", "-d", "--name", "holder", "--network", "none", ...flags, image, "sleep", "1000"]);
    expect(await sh("touch /s/one; grep ' /s ' /proc/mounts; cat /b/file", ...flags)).toMatch(
      /tmpfs .*size=2048k.*\ntext$/,
    );
    expect(await user.succeed(["volume", "inspect", "-f", "{{.MountCount}}", "scratch"])).toBe("1");
    expect(await user.succeed(["exec", "holder", "ls", "/s"])).toBe("one");
    await user.succeed(["rm", "-f", "-t", "0", "holder"]);
    expect(await mounts()).toBe("0");
    expect(await user.dhow(["volume", "mount", "scratch"])).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining("must execute `dhow unshare` first"),
    });
    const inside =
      'touch "$(dhow volume mount scratch)/file"; dhow volume unmount scratch; dhow volume mount bound >/dev/null';
    expect(await user.succeed(["unshare", "sh", "-c", inside])).toBe("scratch");
    expect(await mounts()).toBe("1");
    await user.succeed(["volume", "rm", "scratch", "bound"]);
    expect(await mounts()).toBe("0");
    expect(readFileSync(`${data}/file`, "utf8")).toBe("text\n");
  });

  it("export and import their content, and nothing outside of it", async () => {
    await sh(
      "echo one >/x/file; ln /x/file /x/hard; ln -s file /x/soft; chown 5:6 /x/file; chmod 4755 /x/file",
      "-v",
      "from:/x",
    );
    await user.program(["sh", "-c", "dhow volume export from | gzip >from.tar.gz"]);
    await user.succeed(["volume", "export", "--output", "from.tar", "from"]);
    await user.succeed(["volume", "create", "to"]);
    await user.succeed(["volume", "import", "to", "from.tar.gz"]);
    expect(await sh("cat /x/soft; stat -c '%u:%g %a %h' /x/hard", "-v", "to:/x")).toBe("one\n5:6 4755 2");
    expect(await user.program(["sh", "-c", "xz <from.tar | dhow volume import to -"])).toMatchObject({ exitCode: 0 });
    expect(await user.dhow(["volume", "import", "to", "-"], { input: "no archive at all" })).toMatchObject({
      exitCode: 125,
    });
    // A container has put a link in the way, and the archive names a file behind it.
    await sh(`mkdir /out; ln -s ${user.home} /x/home; ln -s / /x/root`, "-v", "to:/x");
    mkdirSync(`${user.home}/hostile/home`, { recursive: true });
    writeFileSync(`${user.home}/hostile/home/captured`, "x");
    await user.program([
      "sh",
      "-c",
      "tar -C hostile -cf hostile.tar home/captured && dhow volume import to hostile.tar",
    ]);
    expect((await user.program(["ls", "-A", user.home])).stdout).not.toContain("captured");
    await user.succeed(["volume", "rm", "from", "to"]);
  });

  it("can be seen in part, and no link in them leads out", async () => {
    await sh(
      "mkdir -p /x/a/b; echo deep >/x/a/b/c; ln -s /etc /x/out; ln -s ../../../../../../../../etc /x/up",
      "-v",
      "v:/x",
    );
    const part = (path: string) => ["--mount", `type=volume,src=v,dst=/p,volume-subpath=${path}`];
    expect(await sh("cat /p/c", ...part("a/b"))).toBe("deep");
    expect(await sh("cat /p", ...part("a/b/c"))).toBe("deep");
    for (const path of ["out", "up", "../../../../etc", "nosuch"]) {
      expect(await user.dhow([...run, ...part(path), image, "ls", "/p"]), path).toMatchObject({
        exitCode: 126,
        stderr: expect.stringMatching(/cannot mount ".*" of .*: there is no such file or directory/),
      });
    }
    await user.succeed(["volume", "rm", "v"]);
  });

  it("mounts of folders: overlays, owners, parts of the host that do not exist", async () => {
    const data = await folder("over");
    expect(await sh("echo new >/x/file; ls /x", "-v", `${data}:/x:O`)).toBe("file");
    expect(readFileSync(`${data}/file`, "utf8")).toBe("text\n");
    await user.program(["mkdir", "upper", "work"]);
    await sh("echo new >/x/other", "-v", `${data}:/x:O,upperdir=${user.home}/upper,workdir=${user.home}/work`);
    expect(readFileSync(`${user.home}/upper/other`, "utf8")).toBe("new\n");
    expect(await sh("stat -c %u:%g /x /x/file", "-v", `${data}:/x:U`, "--user", "1000:2000")).toBe(
      "1000:2000\n1000:2000",
    );
    expect(await user.dhow([...run, "-v", "/no/such:/x", image, "true"])).toMatchObject({
      exitCode: 125,
      stderr: "Error: statfs /no/such: no such file or directory\n",
    });
    await sh("touch /x/made", "--mount", `type=bind,src=${user.home}/made,dst=/x,bind-create-src`);
    expect((await user.program(["ls", "made"])).stdout).toBe("made\n");
  });

  it("mounts of images, patterns, terminals and memory", async () => {
    expect(
      await sh(
        "cat /i/etc/group | head -1; touch /i/x 2>&1 | grep -o Read-only",
        "--mount",
        `type=image,src=${image},dst=/i`,
      ),
    ).toBe("root:x:0:\nRead-only");
    expect(await sh("touch /i/x; ls /i", "--mount", `type=image,src=${image},dst=/i,rw=true,subpath=/etc`)).toContain(
      "\nx",
    );
    const data = await folder("globbed");
    symlinkSync("/etc", `${data}/link`);
    expect(await sh("ls /g; grep -c ' /g/' /proc/mounts", "--mount", `type=glob,src=${data}/f*,dst=/g`)).toBe(
      "file\n1",
    );
    expect(await sh("grep -o 'devpts.*mode=600' /proc/mounts", "--mount", "type=devpts,dst=/p,mode=600")).toContain(
      "devpts",
    );
    expect(
      await sh("stat -f -c %T /r /t; stat -c %a /t", "--mount", "type=ramfs,dst=/r", "--tmpfs", "/t:mode=1700,size=1m"),
    ).toBe("ramfs\ntmpfs\n1700");
  });

  it("keeps folders that are read-only read-only down to the last mount", async () => {
    const inside = [
      ...["unshare", "sh", "-c"],
      `mkdir -p top/sub && mount -t tmpfs tmpfs top/sub && dhow ${run.join(" ")} -v "$PWD/top:/x:ro" ${image} touch /x/sub/file; umount top/sub`,
    ];
    expect((await user.dhow(inside)).stderr).toContain("Read-only file system");
  });

  it("leaves nothing behind", async () => {
    await user.succeed(["volume", "prune", "-af"]);
    await user.expectNothingLeft();
  });
});
