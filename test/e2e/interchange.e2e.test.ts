import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";
import { canUsePodman, openPodman, type Podman } from "./podman.ts";
import { findProgram } from "./programs.ts";

const { registry } = inject("installation");

/** What is pushed or saved by one program, the other one runs: dhow beside Debian's podman and skopeo. */
describe.skipIf(!canBe("range") || !canUsePodman())("images of dhow, podman and skopeo", () => {
  let user: TestUser;
  let peer: Podman;
  /** Two layers, a label, an environment, an entrypoint: as `podman commit` writes them. */
  const made = "localhost/made:1";

  beforeAll(() => {
    user = testUser("range");
    peer = openPodman(user);
    peer.podman("import", "-q", baseArchive(user), "localhost/base:1");
    peer.podman("create", "-q", "--name", "build", "--network", "none", "localhost/base:1", "true");
    const message = join(user.home, "message");
    writeFileSync(message, "hello from podman\n");
    peer.podman("cp", message, "build:/message");
    const changes = [
      "LABEL made=by-podman",
      "ENV WHO=podman",
      'ENTRYPOINT ["/bin/sh", "-c"]',
      'CMD ["cat /message; echo $WHO"]',
    ];
    peer.podman("commit", "-q", ...changes.flatMap((change) => ["--change", change]), "build", made);
    peer.podman("rm", "build");
  });
  afterAll(async () => {
    peer?.dispose();
    await user?.dispose();
  });

  async function expectRuns(name: string): Promise<void> {
    expect(await user.succeed(["run", "--rm", "--network", "none", name])).toBe("hello from podman\npodman");
    expect(await user.succeed(["image", "inspect", "--format", "{{.Config.Labels.made}}", name])).toBe("by-podman");
    await user.succeed(["rmi", name]);
  }

  it.each(["docker-archive", "oci-archive", "oci-dir", "docker-dir"])(
    "saved as %s, are loaded and run",
    async (format) => {
      const path = join(user.home, `podman-${format}`);
      peer.podman("save", "-q", "--format", format, "-o", path, made);
      const text = await user.succeed(["load", "-q", "-i", path]);
      expect(text).toMatch(/^Loaded image: /);
      await expectRuns(text.replace("Loaded image: ", ""));
    },
  );

  it("saved together in one archive, are all loaded", async () => {
    const path = join(user.home, "podman-several.tar");
    peer.podman("save", "-q", "-m", "-o", path, made, "localhost/base:1");
    expect(await user.succeed(["load", "-q", "-i", path])).toMatch(
      /localhost\/made:1[\s\S]*localhost\/base:1|localhost\/base:1[\s\S]*localhost\/made:1/,
    );
    await expectRuns(made);
    await user.succeed(["rmi", "localhost/base:1"]);
  });

  it.each([
    ["oci", "gzip"],
    ["oci", "zstd"],
    ["v2s2", "gzip"],
  ])("pushed in the format %s with %s, are pulled and run", async (format, compression) => {
    const name = `${registry}/podman/${format}-${compression}:1`;
    peer.podman(
      "push",
      "-q",
      "--tls-verify=false",
      "--format",
      format,
      "--compression-format",
      compression,
      made,
      name,
    );
    await user.succeed(["pull", "-q", "--tls-verify=false", name]);
    await expectRuns(name);
  });

  it("copied by skopeo with all their blobs, keep their digests", async () => {
    const name = `${registry}/skopeo/copy:1`;
    peer.podman("push", "-q", "--tls-verify=false", made, `${registry}/skopeo/original:1`);
    const flags = ["-q", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false"];
    peer.skopeo("copy", ...flags, `docker://${registry}/skopeo/original:1`, `docker://${name}`);
    const digest = peer.skopeo("inspect", "--tls-verify=false", "--format", "{{.Digest}}", `docker://${name}`);
    await user.succeed(["pull", "-q", "--tls-verify=false", `${name.slice(0, -2)}@${digest}`]);
    expect(await user.succeed(["images", "--digests", "--format", "{{.Digest}}"])).toContain(digest);
    await expectRuns(`${name.slice(0, -2)}@${digest}`);
  });

  describe("made by dhow", () => {
    const own = "localhost/own:1";
    const deleted = "/bin/dhow-deleted";
    beforeAll(async () => {
      await user.succeed(["create", "--name", "work", "--network", "none", "localhost/dhow-busybox", "true"]);
      writeFileSync(join(user.home, "greeting"), "hello from dhow\n");
      await user.succeed(["cp", join(user.home, "greeting"), "work:/greeting"]);
      await user.succeed(["cp", join(user.home, "greeting"), `work:${deleted}`]);
      await user.succeed(["commit", "-q", "work", "localhost/lower:1"]);
      await user.succeed(["rm", "work"]);
      // A layer on top that deletes something, too.
      await user.succeed(["run", "--name", "work", "--network", "none", "localhost/lower:1", "rm", deleted]);
      const changes = ["LABEL made=by-dhow", "ENV WHO=dhow", 'ENTRYPOINT ["/bin/sh", "-c"]'];
      const command = `CMD ["cat /greeting; echo $WHO; test ! -e ${deleted}"]`;
      const flags = [...changes, command].flatMap((change) => ["--change", change]);
      await user.succeed(["commit", "-q", ...flags, "work", own]);
      await user.succeed(["rm", "work"]);
    });

    function expectPodmanRuns(name: string): void {
      expect(peer.podman("run", "--rm", "--network", "none", name)).toBe("hello from dhow\ndhow");
      expectPodmanHas(name);
    }

    /** The same but for running it: where nobody reaps processes at once, podman waits 20 s after each run. */
    function expectPodmanHas(name: string): void {
      const look = `cd "$(podman image mount "$1")" && cat greeting && ls bin/dhow-deleted 2>&1; podman image umount "$1" >/dev/null`;
      expect(peer.podman("unshare", "sh", "-c", look, "sh", name)).toMatch(/^hello from dhow\nls: .*No such file/);
      expect(peer.podman("image", "inspect", "--format", "{{.Config.Labels.made}}", name)).toBe("by-dhow");
      peer.podman("rmi", "-f", name);
    }

    it.each(["docker-archive", "oci-archive", "oci-dir", "docker-dir"])(
      "saved as %s, are loaded and run by podman, and read by skopeo",
      async (format) => {
        const path = join(user.home, `dhow-${format}`);
        await user.succeed(["save", "-q", "--format", format, "-o", path, own]);
        const transport = { "oci-dir": "oci", "docker-dir": "dir" }[format] ?? format;
        const config = JSON.parse(peer.skopeo("inspect", "--config", `${transport}:${path}`));
        expect(config.config.Labels).toMatchObject({ made: "by-dhow" });
        // Podman takes a folder's path for a name, which must not have capital letters, as those of temporary folders have.
        if (format === "oci-dir") peer.skopeo("copy", "-q", `oci:${path}`, `containers-storage:${own}`);
        const loaded = format === "oci-dir" ? own : peer.podman("load", "-q", "-i", path);
        const expectImage = format.endsWith("-archive") ? expectPodmanRuns : expectPodmanHas;
        expectImage(loaded.replace(/^Loaded image: /, ""));
      },
    );

    it("saved together in one archive, are all loaded by podman", async () => {
      const path = join(user.home, "dhow-several.tar");
      await user.succeed(["save", "-q", "-m", "-o", path, own, "localhost/lower:1"]);
      expect(peer.podman("load", "-q", "-i", path).split("\n").sort()).toEqual([
        "Loaded image: localhost/lower:1",
        `Loaded image: ${own}`,
      ]);
      expectPodmanHas(own);
      peer.podman("rmi", "localhost/lower:1");
    });

    it.each([
      ["oci", "gzip"],
      ["oci", "zstd"],
      ["v2s2", "gzip"],
    ])("pushed in the format %s with %s, are pulled and run by podman", async (format, compression) => {
      const name = `${registry}/dhow/${format}-${compression}:1`;
      const flags = ["-q", "--tls-verify=false", "--format", format, "--compression-format", compression];
      await user.succeed(["push", ...flags, own, name]);
      peer.podman("pull", "-q", "--tls-verify=false", name);
      const expectImage = compression === "zstd" ? expectPodmanRuns : expectPodmanHas;
      expectImage(name);
    });

    it("pushed as a list, are pulled and run by podman, and copied with their digests by skopeo", async () => {
      const name = `${registry}/dhow/list:1`;
      await user.succeed(["manifest", "create", "both", own]);
      const far = ["--arch", "s390x", "both", "localhost/lower:1"];
      await user.succeed(["manifest", "add", ...far]);
      await user.succeed(["manifest", "push", "-q", "--tls-verify=false", "both", name]);
      peer.podman("pull", "-q", "--tls-verify=false", name);
      expectPodmanRuns(name);
      const archive = `oci-archive:${join(user.home, "list.tar")}:both`;
      await user.succeed(["manifest", "push", "-q", "both", archive]);
      const target = `docker://${registry}/skopeo/list:1`;
      peer.skopeo("copy", "-q", "--all", "--preserve-digests", "--dest-tls-verify=false", archive, target);
      expect(JSON.parse(peer.skopeo("inspect", "--raw", "--tls-verify=false", target)).manifests).toHaveLength(2);
      await user.succeed(["pull", "-q", "--tls-verify=false", `${registry}/skopeo/list:1`]);
      expect(await user.succeed(["run", "--rm", "--network", "none", `${registry}/skopeo/list:1`])).toBe(
        "hello from dhow\ndhow",
      );
    });
  });
});

/** A busybox root filesystem, readable by the user. */
function baseArchive(user: TestUser): string {
  const root = join(user.home, "base");
  mkdirSync(join(root, "bin"), { recursive: true });
  mkdirSync(join(root, "tmp"));
  copyFileSync(findProgram("busybox") ?? "", join(root, "bin/busybox"));
  for (const applet of ["sh", "cat", "true", "ls"]) symlinkSync("busybox", join(root, "bin", applet));
  const path = join(user.home, "base.tar");
  execFileSync("tar", ["-C", root, "--owner=0", "--group=0", "-cf", path, "."]);
  return path;
}
