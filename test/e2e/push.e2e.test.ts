import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";
import { findProgram } from "./programs.ts";
import { pushImage, type RunningRegistry, startRegistry } from "./registry.ts";

const { folder } = inject("installation");
const login = { user: "alice", password: "open:sesame" };
const image = "localhost/dhow-busybox:latest";
const run = (user: TestUser, name: string) => user.succeed(["run", "--rm", "--network", "none", name, "echo", "ran"]);

/** What the registry was asked for since the test began, as `METHOD PATH STATUS`. */
function requestsIn(log: string, from = 0): string[] {
  const lines = readFileSync(log, "utf8")
    .slice(from)
    .matchAll(/"([A-Z]+) (\S+) HTTP\/1\.1" (\d+)/g);
  return [...lines].map(([, method, path, status]) => `${method} ${path} ${status}`);
}

describe.skipIf(!canBe("range"))("dhow push", () => {
  let user: TestUser;
  let registry: RunningRegistry;
  let locked: RunningRegistry;
  const log = join(folder, "push-registry/log");
  const manifestOf = async (name: string, tag: string) => {
    const accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";
    return (
      await fetch(`http://${registry.host}/v2/${name}/manifests/${tag}`, { headers: { accept } })
    ).json() as Promise<{
      mediaType: string;
      layers: { mediaType: string; digest: string }[];
    }>;
  };
  beforeAll(async () => {
    user = testUser("range");
    registry = await startRegistry({ folder: join(folder, "push-registry") });
    locked = await startRegistry({ folder: join(folder, "push-locked"), login, tls: true });
    await user.succeed(["image", "inspect", image]);
  });
  afterAll(async () => {
    await user?.dispose();
    await registry?.stop();
    await locked?.stop();
  });

  it("sends what the registry lacks, in podman's words, and prints the digest as docker does", async () => {
    const name = `${registry.host}/words/x:1`;
    const first = await user.dhow(["push", "--tls-verify=false", image, name]);
    expect(first.exitCode).toBe(0);
    expect(first.stderr.trimEnd().split("\n")).toEqual([
      "Getting image source signatures",
      expect.stringMatching(/^Copying blob sha256:[0-9a-f]{64}$/),
      expect.stringMatching(/^Copying config sha256:[0-9a-f]{64}$/),
      "Writing manifest to image destination",
    ]);
    const [, digest] = /^1: digest: (sha256:[0-9a-f]{64}) size: \d+\n$/.exec(first.stdout) ?? [];
    const before = statSync(log).size;
    const digestFile = join(user.home, "digest");
    const again = await user.dhow([
      "push",
      "--tls-verify=false",
      "--digestfile",
      digestFile,
      image,
      `docker://${name}`,
    ]);
    expect(again.stderr).toContain("skipped: already exists");
    expect(readFileSync(digestFile, "utf8")).toBe(digest);
    expect(requestsIn(log, before).filter((line) => /^(POST|PATCH|PUT) .*blobs/.test(line))).toEqual([]);
    expect(await user.dhow(["push", "-q", "--tls-verify=false", image, name])).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: "",
    });
  });

  it("signs in over TLS; another user pulls and runs it", async () => {
    const name = `${locked.host}/secured/x:1`;
    const certDir = join(user.home, "certs");
    mkdirSync(certDir);
    copyFileSync(locked.authority ?? "", join(certDir, "ca.crt"));
    execFileSync("chmod", ["-R", "a+rX", certDir]);
    const refused = await user.dhow(["push", "--cert-dir", certDir, image, name]);
    expect(refused.exitCode).toBe(125);
    expect(refused.stderr).toMatch(
      /Error: checking whether a blob sha256:\w{64} exists in \S+\/secured\/x: authentication required/,
    );
    const flags = ["--cert-dir", certDir, "--creds", `${login.user}:${login.password}`];
    await user.succeed(["push", "-q", ...flags, image, name]);
    const other = testUser(canBe("norange") ? "norange" : "range");
    try {
      execFileSync("chmod", ["a+x", user.home]);
      await other.succeed(["pull", "-q", ...flags, name]);
      expect(await run(other, name)).toBe("ran");
    } finally {
      await other.dispose();
    }
  });

  it("takes blobs from another repository of the registry instead of sending them", async () => {
    const target = { host: registry.host, repository: "mount/from", tag: "1" };
    const root = join(folder, "mount-layer");
    mkdirSync(join(root, "bin"), { recursive: true });
    copyFileSync(findProgram("busybox") ?? "", join(root, "bin/busybox"));
    const { layerDigests } = await pushImage(target, { layers: [root] });
    await user.succeed(["pull", "-q", "--tls-verify=false", `${registry.host}/mount/from:1`]);
    await user.succeed(["tag", `${registry.host}/mount/from:1`, `${registry.host}/mount/to:1`]);
    const before = statSync(log).size;
    await user.succeed(["push", "-q", "--tls-verify=false", `${registry.host}/mount/to:1`]);
    const uploads = requestsIn(log, before).filter((line) => line.startsWith("POST"));
    expect(uploads[0]).toContain(
      `/v2/mount/to/blobs/uploads/?mount=${encodeURIComponent(layerDigests[0] ?? "")}&from=mount%2Ffrom 201`,
    );
    expect((await manifestOf("mount/to", "1")).layers[0]?.digest).toBe(layerDigests[0]);
  });

  it("compresses and converts as it is told to, and the image keeps its id", async () => {
    const id = await user.succeed(["images", "-q", "--no-trunc", image]);
    const push = (tag: string, ...flags: string[]) =>
      user.succeed(["push", "-q", "--tls-verify=false", ...flags, image, `${registry.host}/kinds/x:${tag}`]);
    await push("zstd", "--compression-format", "zstd", "--compression-level", "5");
    expect((await manifestOf("kinds/x", "zstd")).layers[0]?.mediaType).toBe(
      "application/vnd.oci.image.layer.v1.tar+zstd",
    );
    await push("docker", "--format", "v2s2", "--compression-level=9", "--remove-signatures");
    expect(await manifestOf("kinds/x", "docker")).toMatchObject({
      mediaType: "application/vnd.docker.distribution.manifest.v2+json",
      layers: [{ mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip" }],
    });
    for (const tag of ["zstd", "docker"]) {
      expect(
        `sha256:${await user.succeed(["pull", "-q", "--tls-verify=false", `${registry.host}/kinds/x:${tag}`])}`,
      ).toBe(id);
    }
    const refused = [
      [["--encryption-key", "jwe:x"], "dhow does not encrypt images"],
      [["--format", "v2s1"], "schema 1"],
      [["--compression-format", "lz4"], 'cannot find compressor for "lz4"'],
      [["--compression-level", "10"], "gzip has 1 to 9"],
    ] as const;
    for (const [flags, reason] of refused) {
      const { exitCode, stderr } = await user.dhow(["push", ...flags, image, `${registry.host}/kinds/x:no`]);
      expect([exitCode, stderr]).toEqual([125, expect.stringContaining(reason)]);
    }
  });

  it("pushes all tags of a repository, and dhow pull --all-tags gets them", async () => {
    const repository = `${registry.host}/tags/x`;
    for (const tag of ["1", "2"]) await user.succeed(["tag", image, `${repository}:${tag}`]);
    const pushed = await user.succeed(["push", "--tls-verify=false", "--all-tags", repository]);
    expect(pushed.split("\n").map((line) => line.slice(0, 10))).toEqual(["1: digest:", "2: digest:"]);
    const id = await user.succeed(["images", "-q", "--no-trunc", image]);
    const pulled = await user.succeed(["pull", "-q", "--tls-verify=false", "-a", repository]);
    expect(pulled.split("\n").map((each) => `sha256:${each}`)).toEqual([id, id]);
  });

  it("says what is wrong", async () => {
    const failing = async (...args: string[]) => (await user.dhow(["push", "--tls-verify=false", ...args])).stderr;
    expect(await failing("nothing:1", `${registry.host}/x`)).toContain("nothing:1: image not known");
    expect(await failing("--retry", "0", image, "127.0.0.1:1/x")).toContain("connection refused");
    const id = await user.succeed(["images", "-q", image]);
    expect(await failing(id)).toContain("needs a destination");
    expect(await failing(image, "docker-daemon:x:1")).toContain("dhow does not talk to a Docker daemon");
  });
});

describe.skipIf(!canBe("range"))("dhow save and dhow load", () => {
  let user: TestUser;
  let id: string;
  const inHome = (name: string) => join(user.home, name);
  beforeAll(async () => {
    user = testUser("range");
    await user.succeed(["image", "inspect", image]);
    await user.succeed(["tag", image, "quay.io/dhow/test:1"]);
    id = await user.succeed(["images", "-q", "--no-trunc", image]);
  });
  afterAll(() => user?.dispose());

  /** Removes the image under all its names, so that only loading can bring it back. */
  const forget = async () => void (await user.dhow(["rmi", "-f", id.slice(7)]));

  it.each([
    ["docker-archive", []],
    ["oci-archive", []],
    ["oci-archive", ["--uncompressed"]],
    ["oci-dir", []],
    ["docker-dir", ["--compress"]],
  ] as const)("--format %s %j: what one saves, skopeo reads and another loads", async (format, flags) => {
    const name = format === "docker-dir" ? image : "quay.io/dhow/test:1";
    const place = inHome(`${format}${flags.length}`);
    const saved = await user.dhow(["save", "--format", format, ...flags, "-o", place, name]);
    expect(saved).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining("Writing manifest to image destination"),
    });
    const transport = { "docker-dir": "dir", "oci-dir": "oci" }[format as string] ?? format;
    const copy = inHome(`${format}${flags.length}-copy`);
    const copied = await user.program(["skopeo", "copy", "-q", `${transport}:${place}`, `dir:${copy}`]);
    expect(copied).toMatchObject({ exitCode: 0, stderr: "" });
    await forget();
    const loaded = await user.succeed(["load", "-q", "-i", place]);
    expect(loaded).toBe(`Loaded image: ${format === "docker-dir" ? id : name}`);
    expect(await run(user, id.slice(7))).toBe("ran");
    // What skopeo makes of it is the same image.
    await forget();
    expect(await user.succeed(["load", "-q", "-i", copy])).toBe(`Loaded image: ${id}`);
    await user.succeed(["tag", id.slice(7), image, "quay.io/dhow/test:1"]);
  });

  it("goes through pipes, whatever they compress with, and keeps all names", async () => {
    for (const program of ["cat", "gzip", "zstd", "xz", "bzip2"]) {
      const script = `dhow save ${image} extra:2 | ${program} | dhow load -q`;
      const { exitCode, stdout, stderr } = await user.program(["sh", "-c", script]);
      expect([program, exitCode, stderr]).toEqual([program, 0, ""]);
      expect(stdout).toBe(`Loaded image: ${image}\nLoaded image: localhost/extra:2\n`);
    }
  });

  it("-m puts several images into one archive, each layer once", async () => {
    await user.succeed(["pull", "-q", `dir:${inHome("docker-dir1-copy")}`]);
    const other = await user.succeed(["create", image, "true"]);
    await user.succeed(["rm", other]);
    const archive = inHome("two.tar");
    await user.succeed(["save", "-q", "-m", "-o", archive, image, "quay.io/dhow/test:1"]);
    const names = execFileSync("tar", ["-tf", archive], { encoding: "utf8" }).trim().split("\n");
    expect(names.filter((name) => name.endsWith(".tar"))).toHaveLength(1);
    await forget();
    expect((await user.succeed(["load", "-i", archive])).split("\n")).toEqual([
      `Loaded image: ${image}`,
      "Loaded image: quay.io/dhow/test:1",
    ]);
  });

  it("places with a transport are pulled, run and pushed to", async () => {
    await user.succeed(["push", "-q", image, `oci:${inHome("layout")}:one`]);
    await user.succeed(["push", "-q", image, `oci-archive:${inHome("archive.tar")}:quay.io/dhow/two:2`]);
    await user.succeed(["push", "-q", image, `docker-archive:${inHome("docker.tar")}:three:3`]);
    await user.succeed(["push", "-q", image, `dir:${inHome("folder")}`]);
    await user.succeed(["push", "-q", image, "containers-storage:four:4"]);
    await forget();
    expect(await run(user, `oci:${inHome("layout")}:one`)).toBe("ran");
    expect(`sha256:${await user.succeed(["pull", "-q", `dir:${inHome("folder")}`])}`).toBe(id);
    await user.succeed([
      "pull",
      "-q",
      `oci-archive:${inHome("archive.tar")}`,
      `docker-archive:${inHome("docker.tar")}`,
    ]);
    expect((await user.succeed(["images", "--format", "{{.Repository}}:{{.Tag}}"])).split("\n").toSorted()).toEqual([
      "docker.io/library/three:3",
      image,
      "localhost/one:latest",
      "quay.io/dhow/two:2",
    ]);
    expect(await user.succeed(["inspect", "--format", "{{.Id}}", "containers-storage:three:3"])).toBe(id.slice(7));
    const none = await user.dhow(["pull", `oci:${inHome("layout")}:none`]);
    expect(none).toMatchObject({ exitCode: 125, stderr: expect.stringContaining('no image called "none"') });
  });

  it("refuses what would lose or garble something, and leaves nothing behind", async () => {
    const save = (...args: string[]) => user.dhow(["save", ...args]);
    const existing = inHome("docker.tar");
    const before = readFileSync(existing);
    expect((await save("-o", existing, image)).stderr).toContain(
      "docker-archive doesn't support modifying existing images",
    );
    expect(readFileSync(existing).equals(before)).toBe(true);
    expect((await save("--format", "docker-dir", "-o", user.home, image)).stderr).toContain(
      "is not a containers image directory",
    );
    expect((await save("--format", "zip", image)).stderr).toContain('unsupported format "zip" for saving images');
    expect((await save("--compress", image)).stderr).toContain(
      "--compress can only be set when --format is 'docker-dir'",
    );
    expect((await save("--format", "oci-archive", "-m", image, image, "-o", inHome("no"))).stderr).toContain(
      "does not support saving multiple images",
    );
    expect((await save("-o", inHome("no"), "nothing")).stderr).toContain("nothing: image not known");
    expect(readdirSync(user.home).filter((name) => name.startsWith("no") || name.endsWith(".tmp"))).toEqual([]);
    const terminal = user.terminal(["save", image]);
    await terminal.expect("Error: refusing to save to terminal. Use -o flag or redirect");
    expect(await terminal.exit()).toBe(125);
    const broken = await user.dhow(["load"], { input: "Danger! This is no tarball" });
    expect(broken.stderr).toContain("payload does not match any of the supported image formats:");
    expect(broken.exitCode).toBe(125);
  });
});
