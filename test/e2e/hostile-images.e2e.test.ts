import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const run = ["run", "--rm", "--network", "none"];
const evil = "\u001b]0;taken\u0007\u001b[31mred\u009b2J";

interface Hostile {
  readonly config?: Record<string, unknown>;
  readonly history?: readonly Record<string, unknown>[];
  /** Prepares the content of the only layer. */
  fill?(root: string): void;
}

/** An archive as `docker save` writes it, with busybox and whatever else is asked for. */
function makeArchive(name: string, { config = {}, history = [], fill }: Hostile): string {
  const folder = mkdtempSync(join(tmpdir(), "dhow-hostile-"));
  const root = join(folder, "root");
  mkdirSync(join(root, "bin"), { recursive: true });
  mkdirSync(join(root, "etc"));
  execFileSync("cp", ["/bin/busybox", join(root, "bin/busybox")]);
  for (const applet of ["sh", "id", "ls", "cat", "env", "wc", "stat", "true"])
    symlinkSync("busybox", join(root, "bin", applet));
  fill?.(root);
  const layer = join(folder, "layer.tar");
  execFileSync("tar", ["-C", root, "--numeric-owner", "-cf", layer, "."]);
  const diffId = createHash("sha256")
    .update(execFileSync("cat", [layer], { maxBuffer: 1 << 28 }))
    .digest("hex");
  const image = {
    ...{ architecture: "amd64", os: "linux", config: { Cmd: ["sh"], Env: ["PATH=/bin"], ...config } },
    ...{ rootfs: { type: "layers", diff_ids: [`sha256:${diffId}`] }, history },
  };
  writeFileSync(join(folder, "config.json"), JSON.stringify(image));
  writeFileSync(
    join(folder, "manifest.json"),
    JSON.stringify([{ Config: "config.json", RepoTags: [name], Layers: ["layer.tar"] }]),
  );
  const archive = join(folder, "image.tar");
  execFileSync("tar", ["-C", folder, "-cf", archive, "manifest.json", "config.json", "layer.tar"]);
  execFileSync("chmod", ["-R", "a+rX", folder]);
  return archive;
}

describe.skipIf(!canBe("range") || process.getuid?.() !== 0)("hostile images", () => {
  let user: TestUser;
  const archives: string[] = [];
  beforeAll(() => {
    user = testUser("range");
  });
  afterAll(async () => {
    await user?.dispose();
    for (const archive of archives) rmSync(join(archive, ".."), { recursive: true, force: true });
  });

  async function load(name: string, hostile: Hostile): Promise<string> {
    const archive = makeArchive(`localhost/${name}:latest`, hostile);
    archives.push(archive);
    const { exitCode, stderr } = await user.dhow(["load", "-i", archive]);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    return `localhost/${name}:latest`;
  }

  it("setuid programs and device nodes give no rights outside of the container", async () => {
    const image = await load("setuid", {
      fill(root) {
        execFileSync("cp", [join(root, "bin/busybox"), join(root, "bin/busybox-suid")]);
        execFileSync("chown", ["0:0", join(root, "bin/busybox-suid")]);
        execFileSync("chmod", ["4755", join(root, "bin/busybox-suid")]);
        execFileSync("mknod", [join(root, "memory"), "c", "1", "1"]);
        execFileSync("mknod", [join(root, "disk"), "b", "254", "0"]);
      },
    });
    const limited = ["--user", "1000", "--security-opt", "no-new-privileges"];
    expect(await user.succeed([...run, ...limited, image, "/bin/busybox-suid", "id", "-u"])).toBe("1000");
    // The devices are not there, and nobody in the container can make them.
    expect(await user.succeed([...run, image, "sh", "-c", "ls /memory /disk 2>/dev/null | wc -l"])).toBe("0");
    expect(
      (await user.dhow([...run, "--privileged", image, "busybox", "mknod", "/x", "b", "254", "0"])).exitCode,
    ).not.toBe(0);
    // Seen from outside, it is the user's program, and no more.
    const find = `find ${user.home}/.local/share/dhow/layers -name busybox-suid -uid 0`;
    expect(execFileSync("sh", ["-c", find], { encoding: "utf8" })).toBe("");
  });

  it("control characters reach no terminal as they are", async () => {
    const image = await load("evil", {
      config: { Labels: { [`a${evil}`]: evil }, Env: ["PATH=/bin", `X=${evil}`], Cmd: ["sh", evil] },
      history: [{ created_by: `RUN ${evil}`, comment: evil }],
    });
    await user.succeed(["create", "--name", "evil", "--label", `k=${evil}`, image]);
    const commands = [
      ["ps", "-a", "--no-trunc"],
      ["ps", "-a", "--format", "{{.Labels}} {{.Command}}"],
      ["images", "--format", "{{.Labels}}"],
      ["history", "--no-trunc", image],
      ["inspect", "evil"],
      ["inspect", "-f", "{{.Config.Labels}} {{.Config.Env}}", "evil"],
      ["volume", "inspect", evil],
      ["run", "--rm", "--network", "none", image, evil],
    ];
    for (const args of commands) {
      const terminal = user.terminal(args);
      await terminal.exit();
      const output = terminal.text();
      for (const forbidden of ["\u0007", "\u009b", "\u001b]"]) expect(output, args.join(" ")).not.toContain(forbidden);
      expect(output, args.join(" ")).not.toContain("\u001b[31m");
    }
    await user.succeed(["rm", "evil"]);
  });

  it("100 000 variables, and a label of a megabyte, are passed on or refused, not choked on", async () => {
    const env = ["PATH=/bin", ...Array.from({ length: 100_000 }, (_, index) => `V${index}=x`)];
    const image = await load("large", { config: { Env: env, Labels: { big: "b".repeat(1 << 20) } } });
    await user.succeed(["create", "--name", "large", image]);
    expect(
      (await user.succeed(["inspect", "-f", "{{range .Config.Env}}{{.}}\\n{{end}}", "large"])).split("\n").length,
    ).toBeGreaterThan(100_000);
    expect(await user.succeed(["ps", "-aq", "--filter", "label=big"])).not.toBe("");
    // The runtime would be busy with them for minutes.
    expect((await user.dhow(["start", "large"])).stderr).toContain(
      "cannot run with an environment of 100004 variables: at most 10000 are possible",
    );
    expect(await user.succeed([...run, "--unsetenv-all", "--env", "PATH=/bin", image, "env"])).toContain("PATH=/bin");
    await user.succeed(["rm", "large"]);
    expect((await user.succeed(["inspect", "-f", "{{.Config.Labels.big}}", image])).length).toBe(1 << 20);
    expect(await user.succeed(["images", "-q", "--filter", "label=big"])).not.toBe("");
  });

  it("user databases that are garbage, or links to the host's, are worth nothing", async () => {
    const garbage = await load("garbage", {
      fill(root) {
        writeFileSync(
          join(root, "etc/passwd"),
          Buffer.concat([
            Buffer.from("\0\xff:::\nroot:x:zero:0:::\nbob:x:4294967296:0:::\neve:x:7:7::/:\n", "latin1"),
            Buffer.alloc(1 << 20, ":"),
          ]),
        );
        writeFileSync(join(root, "etc/group"), ":::\ng:x:-1:\n");
      },
    });
    expect(await user.succeed([...run, "--user", "eve", garbage, "id", "-u"])).toBe("7");
    expect(await user.dhow([...run, "--user", "bob", garbage, "id"])).toMatchObject({
      exitCode: 126,
      stderr: expect.stringContaining("unable to find user bob: no matching entries in passwd file"),
    });
    const linked = await load("linked", {
      fill(root) {
        symlinkSync("/etc/passwd", join(root, "etc/passwd.real"));
        symlinkSync("../../../../../../../../../../etc/passwd", join(root, "etc/passwd"));
        symlinkSync("../../../../../../../../../../etc/group", join(root, "etc/group"));
      },
    });
    // The host knows the user; the container, whose /etc/passwd leads to itself, does not.
    expect((await user.dhow([...run, "--user", user.name, linked, "id"])).stderr).toContain(
      `unable to find user ${user.name}`,
    );
    expect((await user.dhow([...run, linked, "cat", "/etc/passwd"])).stdout).not.toContain(user.name);
  });

  it("mount points that are links stay inside of the container, however often they change", async () => {
    const image = await load("links", {
      fill(root) {
        mkdirSync(join(root, "tmp"));
        symlinkSync("../../../../../../../../../../tmp", join(root, "up"));
        symlinkSync("/etc", join(root, "absolute"));
      },
    });
    await user.program(["sh", "-c", "mkdir -p source && echo text >source/file"]);
    const mounted = "grep -c ' /tmp/inside \\| /etc/inside ' /proc/mounts";
    const flags = ["-v", `${user.home}/source:/up/inside`, "-v", `${user.home}/source:/absolute/inside`];
    expect(await user.succeed([...run, ...flags, image, "busybox", "sh", "-c", `busybox ${mounted}`])).toBe("2");
    expect((await user.program(["sh", "-c", "ls -d /tmp/inside /etc/inside 2>/dev/null || echo none"])).stdout).toBe(
      "none\n",
    );
    // A race: one container changes a link in a volume all the time, while others are given a part of it behind that link.
    const swap =
      "cd /v; mkdir -p good; echo good >good/mark; while :; do ln -sfn good part; ln -sfn /../../../../../../../etc part; done";
    await user.succeed([
      "run",
      "-d",
      "--name",
      "swapper",
      "--network",
      "none",
      "-v",
      "race:/v",
      image,
      "busybox",
      "sh",
      "-c",
      `alias ln='busybox ln' mkdir='busybox mkdir'; ${swap}`,
    ]);
    for (let attempt = 0; attempt < 8; attempt++) {
      const { stdout } = await user.dhow([
        ...run,
        "--mount",
        "type=volume,src=race,dst=/p,volume-subpath=part",
        image,
        "ls",
        "/p",
      ]);
      expect(["", "mark\n"]).toContain(stdout);
    }
    await user.succeed(["rm", "-f", "-t", "0", "swapper"]);
    await user.succeed(["volume", "rm", "race"]);
    await user.expectNothingLeft();
  });
});
