import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";
import { canUsePodman, openPodman, type Podman } from "./podman.ts";
import { findProgram } from "./programs.ts";

const { registry } = inject("installation");

/** What is pushed or saved by one program, the other one runs: dhow beside Debian's podman and skopeo. */
describe.skipIf(!canBe("range") || !canUsePodman())("images made by podman and skopeo", () => {
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
