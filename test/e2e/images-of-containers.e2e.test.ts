import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const image = "localhost/dhow-busybox:latest";
const run = ["run", "--network", "none"];

/** What a container does to its image. */
const work = `
  echo new > /root/new; rm /etc/profile; mkdir /fresh; echo owned > /fresh/owned; chown 33:33 /fresh/owned; chmod 4755 /fresh/owned
  rm -r /srv; mkdir /srv; echo again > /srv/again; ln -s target /fresh/link; ln /root/new /fresh/hard; mkfifo /fresh/pipe`;

describe.skipIf(!canBe("range")).each(["overlay", "vfs"])("images made of containers, with %s", (driver) => {
  let user: TestUser;
  const env = { DHOW_STORAGE_DRIVER: driver };
  const succeed = (...argv: string[]) => user.succeed(argv, { env });
  const fail = async (...argv: string[]) => {
    const { exitCode, stderr } = await user.dhow(argv, { env });
    expect(exitCode).toBe(125);
    return stderr;
  };
  const inspect = async (name: string) => JSON.parse(await succeed("image", "inspect", name))[0];

  beforeAll(async () => {
    user = testUser("range");
    writeFileSync(join(user.home, "marker"), "from the archive");
    await succeed(...run, "--name", "worked", "--expose", "80", "-v", "/tmp:/mounted", image, "sh", "-ec", work);
  });
  afterAll(() => user?.dispose());

  it("dhow commit makes an image that has what the container had", async () => {
    const id = await succeed("commit", "worked", "made");
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    const shown =
      "cd /; cat root/new fresh/owned srv/again; stat -c '%a %u:%g' fresh/owned; readlink fresh/link; ls etc; [ -p fresh/pipe ]";
    expect(await succeed(...run, "--rm", "made", "sh", "-ec", shown)).toBe(
      "new\nowned\nagain\n4755 33:33\ntarget\ngroup\nhostname\nhosts\npasswd\nresolv.conf",
    );
    const made = await inspect("localhost/made:latest");
    const base = await inspect(image);
    expect(made).toMatchObject({ Id: id, Architecture: base.Architecture, Config: { ExposedPorts: { "80/tcp": {} } } });
    expect(made.RootFS.Layers).toEqual([...base.RootFS.Layers, expect.any(String)]);
    expect(made.Config.Env).toEqual(base.Config.Env);
    expect(made.Config.Cmd.slice(0, 2)).toEqual(["sh", "-ec"]);
    expect(made.Config.Volumes).toBeUndefined();
    expect(await succeed("history", "--format", "{{.CreatedBy}}", "made")).toMatch(/^sh -ec/);
  });

  it("dhow container commit takes all that podman's takes", async () => {
    const idFile = join(user.home, "iid");
    const config = join(user.home, "config.json");
    writeFileSync(config, JSON.stringify({ Labels: { from: "config" }, User: "daemon" }));
    const changes = [
      "CMD=/bin/date",
      'ENTRYPOINT ["sh", "-c"]',
      "LABEL by=change",
      "ENV A=b",
      "EXPOSE 53/udp",
      "USER 33",
    ];
    const id = await succeed(
      ...["container", "commit", "--quiet", "--format", "docker", "--author", "Ann", "--message", "said"],
      ...["--squash", "--include-volumes", "--iidfile", idFile, "--config", config],
      ...changes.flatMap((change) => ["--change", change]),
      ...["/worked", "quay.io/fleet/squashed:v1"],
    );
    expect(readFileSync(idFile, "utf8")).toBe(id);
    const made = await inspect("quay.io/fleet/squashed:v1");
    expect(made).toMatchObject({
      Author: "Ann",
      Comment: "said",
      ManifestType: "application/vnd.docker.distribution.manifest.v2+json",
      Config: {
        Cmd: ["/bin/sh", "-c", "/bin/date"],
        Entrypoint: ["sh", "-c"],
        Labels: { from: "config", by: "change" },
        ExposedPorts: { "80/tcp": {}, "53/udp": {} },
        Volumes: { "/mounted": {} },
        User: "33",
      },
    });
    expect(made.Config.Env).toContain("A=b");
    expect(made.RootFS.Layers).toHaveLength(1);
    expect(
      await succeed(...run, "--rm", "--entrypoint", "", "quay.io/fleet/squashed:v1", "ls", "/etc", "/srv"),
    ).toContain("again");
  });

  it("dhow commit makes an image without a name, and of a container that never ran", async () => {
    const created = await succeed("create", "--network", "none", image, "true");
    const id = await succeed("commit", "--quiet", created);
    expect((await inspect(id)).RepoTags).toEqual([]);
    expect(await succeed("image", "diff", id)).toBe("");
    await succeed("rm", created);
  });

  it.skipIf(driver === "vfs")("dhow commit says what it does not do", async () => {
    expect(await fail("commit", "nosuch", "x")).toBe(
      'Error: no container with name or ID "nosuch" found: no such container\n',
    );
    expect(await fail("commit", "-m", "text", "worked")).toBe(
      "Error: messages are only compatible with the docker image format (-f docker)\n",
    );
    expect(await fail("commit", "--format", "zip", "worked")).toContain('unrecognized image format "zip"');
    expect(await fail("commit", "--change", "BOGUS=foo", "worked")).toContain("invalid instruction BOGUS");
    expect(await fail("commit", "worked", "Not A Name")).toContain("Error:");
    expect(await fail("commit", "--config", "/etc/passwd", "worked")).toContain("it is not JSON");
  });

  it("dhow commit and dhow export take a running container as it is", async () => {
    await succeed(...run, "-d", "--name", "live", image, "sh", "-c", "echo yes > /alive; sleep 1000");
    await succeed("exec", "live", "sh", "-c", "until [ -s /alive ]; do sleep 0.1; done");
    await succeed("commit", "--quiet", "live", "of-live");
    expect(await succeed(...run, "--rm", "of-live", "cat", "/alive")).toBe("yes");
    expect(await succeed("diff", "live")).toContain("A /alive");
    const { stdout } = await user.program(["sh", "-c", "dhow export live | tar -xO alive"], { env });
    expect(stdout).toBe("yes\n");
    const paused = await user.dhow(["commit", "--pause", "live"], { env });
    const canPause = (await user.dhow(["pause", "live"], { env })).exitCode === 0;
    if (canPause) expect(paused).toMatchObject({ exitCode: 0 });
    else expect(paused.stderr).toMatch(/^Error: pausing container "[0-9a-f]{64}" to commit: cannot pause/);
    await succeed("rm", "-f", "-t", "0", "live");
  });

  it("dhow diff shows what a container has changed", async () => {
    const expected = [
      ...["C /etc", "D /etc/profile", "A /fresh", "A /fresh/hard", "A /fresh/link", "A /fresh/owned", "A /fresh/pipe"],
      ...["A /mounted", "C /root", "A /root/new", "C /srv", "A /srv/again"],
    ];
    expect((await succeed("diff", "worked")).split("\n")).toEqual(expected);
    expect((await succeed("container", "diff", "--latest")).split("\n")).toEqual(expected);
    expect(JSON.parse(await succeed("diff", "--format", "json", "worked"))).toMatchObject({
      deleted: ["/etc/profile"],
      changed: ["/etc", "/root", "/srv"],
    });
  });

  it("dhow diff compares images and containers with each other", async () => {
    await succeed("commit", "-q", "worked", "compared");
    expect(await succeed("image", "diff", "compared", image)).toContain("A /root/new");
    expect(await succeed("image", "diff", image, "compared")).toContain("D /root/new");
    expect(await succeed("diff", "compared", "worked")).toBe("");
    expect(await succeed("image", "diff", "compared")).toBe(await succeed("diff", "worked"));
    // A container's own name counts more than the begin of an image's id.
    const begin = (await inspect("compared")).Id.slice(0, 3);
    await succeed("create", "--name", begin, "--network", "none", image, "true");
    expect(await succeed("diff", begin)).toBe("");
    await succeed("rm", begin);
    expect(await fail("diff", "nosuch")).toBe("Error: nosuch not found: layer not known\n");
    expect(await fail("container", "diff", "compared")).toBe("Error: compared not found: container not known\n");
    expect(await fail("image", "diff", "worked")).toBe("Error: worked not found: image not known\n");
    expect(await fail("diff")).toContain('requires a name, id, or the "--latest" flag');
    expect(await fail("diff", "--format", "{{.}}", "worked")).toContain(
      "only supported value for '--format' is 'json'",
    );
  });

  it("dhow export writes the whole tree", async () => {
    const file = join(user.home, "tree.tar");
    expect(await succeed("export", "--output", file, "worked")).toBe("");
    const listing = execFileSync("tar", ["-tvf", file, "--numeric-owner"], { encoding: "utf8" }).split("\n");
    expect(listing).toContainEqual(expect.stringMatching(/^-rwsr-xr-x 33\/33 .* fresh\/owned$/));
    expect(listing).toContainEqual(expect.stringMatching(/ bin\/busybox$/));
    expect(listing).not.toContainEqual(expect.stringContaining("etc/profile"));
    expect(statSync(file).mode & 0o777).toBe(0o644);
    const { stdout } = await user.program(["sh", "-c", "dhow container export worked | tar -t | wc -l"], { env });
    expect(Number(stdout)).toBe(listing.length - 1);
  });

  it.skipIf(driver === "vfs")("dhow export refuses a terminal and leaves no half file", async () => {
    const terminal = user.terminal(["export", "worked"], { env });
    await terminal.expect("refusing to export to terminal. Use -o flag or redirect");
    expect(await terminal.exit()).toBe(125);
    writeFileSync(join(user.home, "kept.tar"), "before");
    expect(await fail("export", "-o", join(user.home, "kept.tar"), "nosuch")).toContain("no such container");
    expect(readFileSync(join(user.home, "kept.tar"), "utf8")).toBe("before");
    expect(await fail("export", "-o", "/nowhere/file", "worked")).toContain("cannot write /nowhere/file");
    expect(existsSync(join(user.home, "kept.tar.tmp"))).toBe(false);
  });

  it("dhow import makes an image of an archive", async () => {
    const file = join(user.home, "import.tar");
    await succeed("export", "-o", file, "worked");
    const id = await succeed("import", "--quiet", file, "imported");
    expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await succeed(...run, "--rm", "imported", "cat", "/root/new")).toBe("new");
    expect((await succeed("diff", "imported", "worked")).trim()).toBe("");
    execFileSync("xz", ["--keep", file]);
    expect(await succeed("image", "import", `${file}.xz`)).toBe(id);
    await succeed("rmi", "imported");
  });

  it.skipIf(driver === "vfs")("dhow import takes all that podman's takes, from a pipe and from the web", async () => {
    const archive = gzipSync(execFileSync("tar", ["-c", "-C", user.home, "--mode=644", "marker"]));
    const flags = ["--change", "CMD cat /marker", "-c", "ENV=A=b", "--message", "said", "--os", "linux"];
    const platform = ["--arch", "arm64", "--variant", "v8"];
    await user.succeed(["import", ...flags, ...platform, "-", "quay.io/fleet/piped:v1"], { env, input: archive });
    expect(await inspect("quay.io/fleet/piped:v1")).toMatchObject({
      ...{ Os: "linux", Architecture: "arm64", Variant: "v8", Comment: "said" },
      Config: { Cmd: ["/bin/sh", "-c", "cat /marker"], Env: ["A=b"] },
      History: [{ created_by: expect.stringMatching(/^\/bin\/sh -c #\(nop\) ADD file:[0-9a-f]{64} in \/ $/) }],
    });
    const server = createServer((request, response) => {
      response.statusCode = request.url === "/tree.tar.gz" ? 200 : 404;
      response.end(archive);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      await succeed("import", `${address}/tree.tar.gz`, "from-web");
      expect((await inspect("from-web")).RootFS).toEqual((await inspect("quay.io/fleet/piped:v1")).RootFS);
      expect(await fail("import", `${address}/nosuch`)).toContain("404");
    } finally {
      server.close();
    }
  });

  it.skipIf(driver === "vfs")("dhow import says what it cannot take", async () => {
    expect(await fail("import", "/nosuch")).toContain("no such file or directory");
    expect(await fail("import", "/tmp")).toContain("is a directory");
    expect(await fail("import", "/etc/passwd")).toContain("cannot read layer archive");
    expect(await fail("import", "--change", "FROM x", "/etc/passwd")).toContain("invalid instruction FROM");
    expect((await user.dhow(["import"], { env })).stderr).toContain("accepts between 1 and 2 arg(s), received 0");
  });

  it("dhow mount shows containers inside of dhow unshare, running or not", async () => {
    const inside = (script: string) => succeed("unshare", "sh", "-c", script);
    const refused = await fail("mount", "worked");
    expect(refused).toContain('cannot run command "dhow mount" in rootless mode, must execute `dhow unshare` first');
    await succeed(
      "create",
      "--name",
      "looked-at",
      "--network",
      "none",
      image,
      "sh",
      "-c",
      "cat /from-outside; echo yes > /from-inside",
    );
    const path = await inside("dhow mount looked-at");
    // It has to outlive the command, and to be the same file system when the container runs.
    await inside(`cat ${path}/etc/group; echo hello > ${path}/from-outside`);
    expect(await succeed("start", "--attach", "looked-at")).toBe("hello");
    expect(await inside(`cat ${path}/from-inside; ls ${path}/fresh 2>&1 | head -n 1`)).toContain("yes");
    expect(await inside("dhow container mount --notruncate")).toMatch(new RegExp(`^[0-9a-f]{64} +${path}$`));
    const [listed] = JSON.parse(await inside("dhow mount --format json"));
    expect(listed).toEqual({ id: path.split("/").at(-2), Names: ["looked-at"], mountpoint: path });
    expect(await inside(`dhow mount --latest; cd ${path}; dhow unmount looked-at`)).toContain(path);
    expect(await inside(`cd ${path}; dhow umount looked-at 2>&1 || :`)).toContain("device or resource busy");
    expect(await succeed("diff", "looked-at")).toContain("A /from-outside");
    expect(await succeed("unmount", "--force", "looked-at")).toBe(listed.id);
    expect(await inside("dhow mount")).toBe("");
    expect(await fail("unmount", "looked-at")).toBe(`Error: unmounting container ${listed.id}: layer is not mounted\n`);
    await inside("dhow mount looked-at");
    await succeed("rm", "looked-at");
    expect(existsSync(path)).toBe(false);
  });

  it("dhow image mount shows images, not to be written to", async () => {
    const inside = (script: string) => succeed("unshare", "sh", "-c", script);
    await succeed("commit", "-q", "worked", "to-mount");
    const path = await inside("dhow image mount to-mount");
    expect(await inside(`cat ${path}/root/new; touch ${path}/x 2>&1 || :`)).toMatch(/^new\n.*Read-only file system/);
    expect(await inside("dhow image mount")).toBe(`localhost/to-mount:latest  ${path}`);
    const [listed] = JSON.parse(await inside("dhow image mount --format json"));
    expect(listed).toMatchObject({ Repositories: ["localhost/to-mount:latest"], mountpoint: path });
    expect(await succeed("image", "unmount", "to-mount")).toBe(listed.id);
    expect(await succeed("image", "umount", "to-mount")).toBe("");
    expect((await inside("dhow image mount --all")).split("\n").length).toBeGreaterThan(1);
    expect(await succeed("rmi", "to-mount")).toContain("Deleted");
    expect(existsSync(path)).toBe(false);
    expect((await succeed("image", "umount", "--all")).split("\n")).not.toContain(listed.id);
    expect(await inside("dhow image mount")).toBe("");
    expect(await fail("image", "unmount", "nosuch")).toBe("Error: nosuch: image not known\n");
    expect(await fail("image", "unmount")).toBe("Error: image name or ID must be specified\n");
  });

  it("leaves nothing behind", async () => {
    await succeed("rm", "worked");
    await user.expectNothingLeft();
    expect(execFileSync("ls", ["-A", join(user.home, ".local/share/dhow/tmp")], { encoding: "utf8" })).toBe("");
  });
});
