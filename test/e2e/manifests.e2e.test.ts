import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";
import { pushImage } from "./registry.ts";

const busybox = "localhost/dhow-busybox:latest";
const [own, foreign] = process.arch === "arm64" ? ["arm64", "amd64"] : ["amd64", "arm64"];
const { registry } = inject("installation");

describe.skipIf(!canBe("range"))("manifest lists and platforms", () => {
  let user: TestUser;
  let foreignDigest: string;
  const inspect = async (name: string) =>
    JSON.parse(await user.succeed(["manifest", "inspect", "--tls-verify=false", name]));

  beforeAll(async () => {
    user = testUser("range");
    await user.succeed(["image", "inspect", busybox]);
    const layer = join(user.home, "layer");
    await user.program(["sh", "-c", `mkdir ${layer} && echo far > ${layer}/away`]);
    const target = { host: registry, repository: "manifests", tag: "far" };
    foreignDigest = (await pushImage(target, { layers: [layer], architecture: foreign })).manifestDigest;
  });
  afterAll(() => user?.dispose());

  it("dhow manifest create, add and annotate make an index of stored and remote images", async () => {
    const id = await user.succeed(["manifest", "create", "--annotation", "a=b", "fleet", busybox]);
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    const far = `docker://${registry}/manifests:far`;
    const flags = [
      "--tls-verify=false",
      "--variant",
      "v9",
      "--annotation",
      "c=d",
      "--os-version",
      "1",
      "--features",
      "x,y",
    ];
    expect(await user.succeed(["manifest", "add", ...flags, "fleet", far])).toBe(id);
    expect(await user.succeed(["manifest", "annotate", "--os-features", "z", "fleet", foreignDigest])).toBe(id);
    expect(await user.succeed(["manifest", "annotate", "--index", "--annotation", "e=f", "fleet"])).toBe(id);
    expect(await inspect("fleet")).toMatchObject({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      annotations: { a: "b", e: "f" },
      manifests: [
        { platform: { os: "linux", architecture: own } },
        {
          digest: foreignDigest,
          annotations: { c: "d" },
          platform: {
            ...{ os: "linux", architecture: foreign, variant: "v9", "os.version": "1" },
            ...{ "os.features": ["z"], features: ["x", "y"] },
          },
        },
      ],
    });
    expect(await user.dhow(["manifest", "create", "fleet"])).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining("that name is already in use"),
    });
    expect(await user.succeed(["manifest", "create", "--amend", "fleet"])).toBe(id);
    expect(await user.succeed(["run", "--rm", "--network", "none", "fleet", "echo", "afloat"])).toBe("afloat");
    expect(await user.succeed(["images", "--filter", "manifest=true", "--format", "{{.Id}} {{.Names}}"])).toBe(
      `${id} [localhost/fleet:latest]`,
    );
  });

  it("dhow manifest push sends the list and its images, wherever they lie", async () => {
    const target = `docker://${registry}/pushed/fleet:1`;
    const flags = ["--tls-verify=false", "--digestfile", "digest"];
    const shown = await user.succeed(["manifest", "push", ...flags, "fleet", target]);
    const digest = readFileSync(join(user.home, "digest"), "utf8");
    expect(shown).toMatch(new RegExp(`^1: digest: ${digest} size: \\d+$`));
    const pushed = await inspect(target);
    const ownDigest = await user.succeed(["image", "inspect", "--format", "{{.Digest}}", busybox]);
    expect(pushed).toMatchObject({
      mediaType: "application/vnd.oci.image.index.v1+json",
      annotations: { a: "b", e: "f" },
      manifests: [{ size: expect.any(Number) }, { digest: foreignDigest, annotations: { c: "d" } }],
    });
    // The layer of the own image was not compressed, which no registry gets to see.
    expect(pushed.manifests[0].digest).not.toBe(ownDigest);
    const pull = (...arch: string[]) =>
      user.succeed(["pull", "-q", "--tls-verify=false", ...arch, `${registry}/pushed/fleet:1`]);
    const id = await user.succeed(["image", "inspect", "--format", "{{.Id}}", busybox]);
    expect(await pull()).toBe(id);
    expect(await pull("--arch", foreign, "--variant", "v9")).not.toBe(id);
    await user.succeed(["rmi", `${registry}/pushed/fleet:1`]);

    const more = ["--tls-verify=false", "-q", "--format", "v2s2"];
    expect(await user.succeed(["manifest", "push", ...more, "fleet", `${registry}/pushed/fleet:docker`])).toBe("");
    const docker = await inspect(`${registry}/pushed/fleet:docker`);
    expect(docker.mediaType).toBe("application/vnd.docker.distribution.manifest.list.v2+json");
    expect(docker.manifests.map(({ mediaType }: { mediaType: string }) => mediaType)).toEqual(
      Array(2).fill("application/vnd.docker.distribution.manifest.v2+json"),
    );

    await user.succeed(["manifest", "create", "small", busybox]);
    const both = ["--tls-verify=false", "--add-compression", "zstd", "--rm"];
    await user.succeed(["manifest", "push", ...both, "small", `${registry}/pushed/small`]);
    expect((await inspect(`${registry}/pushed/small`)).manifests).toMatchObject([
      {},
      { annotations: { "io.github.containers.compression.zstd": "true" } },
    ]);
    expect((await user.dhow(["manifest", "exists", "small"])).exitCode).toBe(1);
  });

  it.each(["oci:layout:v1", "oci-archive:layout.tar:v1", "dir:folder"])(
    "dhow manifest push and add take a list to %s and back",
    async (place) => {
      expect(await user.succeed(["manifest", "push", "-q", "--tls-verify=false", "fleet", place])).toBe("");
      const id = await user.succeed(["manifest", "create", "again"]);
      expect(await user.succeed(["manifest", "add", "--all", "again", place])).toBe(id);
      expect((await inspect("again")).manifests).toMatchObject([
        { platform: { os: "linux", architecture: own } },
        { digest: foreignDigest, annotations: { c: "d" }, platform: { architecture: foreign, variant: "v9" } },
      ]);
      await user.succeed(["manifest", "rm", "again"]);
      const back = await user.succeed(["pull", "-q", place]);
      expect(await user.succeed(["run", "--rm", "--network", "none", back, "echo", "back"])).toBe("back");
      await user.succeed(["manifest", "create", "one"]);
      await user.succeed(["manifest", "add", "one", place]);
      expect((await inspect("one")).manifests).toMatchObject([{ platform: { os: "linux", architecture: own } }]);
      await user.succeed(["manifest", "rm", "one"]);
      const away = await user.succeed(["pull", "-q", "--arch", foreign, "--variant", "v9", place]);
      expect(await user.succeed(["image", "inspect", "--format", "{{.Digest}}", away])).toBe(foreignDigest);
      await user.succeed(["rmi", "-f", away]);
    },
  );

  it("dhow manifest push refuses archives that hold no lists", async () => {
    expect(await user.dhow(["manifest", "push", "fleet", "docker-archive:x.tar"])).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining("cannot push a manifest list to docker-archive:x.tar"),
    });
    await user.succeed(["manifest", "create", "archived"]);
    await user.succeed(["save", "-q", "-o", "single.tar", busybox]);
    await user.succeed(["manifest", "add", "archived", "docker-archive:single.tar"]);
    expect((await inspect("archived")).manifests).toMatchObject([{ platform: { os: "linux", architecture: own } }]);
    await user.succeed(["manifest", "rm", "archived"]);
  });

  it("dhow manifest add --artifact adds files", async () => {
    writeFileSync(join(user.home, "chart.txt"), "depths");
    const id = await user.succeed(["manifest", "create", "charts"]);
    const flags = ["--artifact", "--artifact-type", "application/x-chart"];
    expect(await user.succeed(["manifest", "add", ...flags, "charts", "chart.txt"])).toBe(id);
    expect((await inspect("charts")).manifests).toMatchObject([
      { artifactType: "application/x-chart", files: ["chart.txt"] },
    ]);
    expect(await user.dhow(["manifest", "add", "--artifact-type", "x", "charts", "chart.txt"])).toMatchObject({
      exitCode: 125,
      stderr: "Error: --artifact-type requires --artifact\n",
    });
  });

  it("dhow manifest remove, rm and exists", async () => {
    const exists = async (name: string) => (await user.dhow(["manifest", "exists", name])).exitCode;
    expect(await exists("fleet")).toBe(0);
    const id = await user.succeed(["manifest", "remove", "fleet", foreignDigest]);
    expect((await inspect("fleet")).manifests).toHaveLength(1);
    expect(await user.dhow(["manifest", "remove", "fleet", "far"])).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining('invalid image digest "far"'),
    });
    expect(await user.succeed(["manifest", "rm", "fleet"])).toBe(`Untagged: localhost/fleet:latest\nDeleted: ${id}`);
    expect(await exists("fleet")).toBe(1);
    expect((await user.dhow(["manifest", "rm", "fleet"])).exitCode).toBe(125);
    await user.succeed(["manifest", "rm", "--ignore", "fleet"]);
    expect((await inspect(`${registry}/manifests:far`)).config.digest).toMatch(/^sha256:/);
  });

  it("a tag keeps the image that is there when another platform is pulled", async () => {
    const target = { host: registry, repository: "manifests", tag: "both" };
    const folder = join(user.home, "layer");
    const near = await pushImage(target, { layers: [folder], architecture: own, config: { Cmd: ["near"] } });
    const name = `${registry}/manifests:both`;
    const pull = (...flags: string[]) => user.succeed(["pull", "-q", "--tls-verify=false", ...flags, name]);
    const nearId = await pull();
    expect(nearId).toBe(near.configDigest.slice("sha256:".length));
    await pushImage(target, { layers: [folder], architecture: foreign, config: { Cmd: ["far"] } });
    const farId = await pull("--arch", foreign);
    const command = (...flags: string[]) => user.succeed(["image", "inspect", "--format", "{{.Config.Cmd}}", ...flags]);
    expect(await command(name)).toBe("[near]");
    expect(await command(farId)).toBe("[far]");
    expect(await user.succeed(["pull", "-q", "--policy", "missing", "--arch", foreign, name])).toBe(farId);
    const rows = await user.succeed(["images", "--format", "{{.Id}} {{.Tag}}", `${registry}/manifests`]);
    expect(rows.split("\n").sort()).toEqual([`${nearId} both`, `${farId} both`].sort());
    expect(await user.succeed(["images", "--tree", name])).toMatch(
      new RegExp(`^${name} .*\n[├└]─ linux/\\w+ .*\n└─ linux/\\w+ `, "m"),
    );
    expect(await user.succeed(["rmi", "--platform", `linux/${foreign}`, name])).toBe(
      `Untagged: ${name}\nDeleted: ${farId}`,
    );
    expect(await user.succeed(["rmi", name])).toBe(`Untagged: ${name}\nDeleted: ${nearId}`);
  });
});
