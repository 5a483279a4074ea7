import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";
import { type RunningRegistry, startRegistry } from "./registry.ts";

const { folder } = inject("installation");
const login = { user: "alice", password: "open:sesame" };

describe.skipIf(!canBe("range"))("dhow artifact", () => {
  let user: TestUser;
  let registry: RunningRegistry;
  let name: string;
  beforeAll(async () => {
    user = testUser("range");
    registry = await startRegistry({ folder: join(folder, "artifact-registry"), login, tls: true });
    name = `${registry.host}/models/one:1`;
    mkdirSync(join(user.home, "certs"));
    writeFileSync(join(user.home, "certs/ca.crt"), readFileSync(registry.authority ?? ""));
    writeFileSync(join(user.home, "notes.txt"), "hello\n");
    writeFileSync(join(user.home, "model.bin"), Buffer.alloc(300_000, 7));
  });
  afterAll(async () => {
    await user?.dispose();
    await registry?.stop();
  });

  it("makes an artifact of files, lists and shows it", async () => {
    const annotation = ["--annotation", "made=here"];
    await user.succeed(["artifact", "add", "--type", "x/model", ...annotation, name, "notes.txt"]);
    const digest = await user.succeed(["artifact", "add", "--append", "--file-type", "x/bin", name, "model.bin"]);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect((await user.succeed(["artifact", "ls"])).split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["REPOSITORY", "TAG", "DIGEST", "SIZE"],
      [`${registry.host}/models/one`, "1", digest.slice(0, 12), "300kB"],
    ]);
    expect(await user.succeed(["artifact", "ls", "--no-trunc", "--format", "{{.Digest}} {{.Size}}"])).toBe(
      `${digest} 300kB`,
    );
    const shown = JSON.parse(await user.succeed(["artifact", "inspect", digest.slice(0, 10)]));
    expect(shown).toMatchObject({ Name: name, Digest: `sha256:${digest}`, Manifest: { artifactType: "x/model" } });
    expect(shown.Manifest.layers.map((layer: Record<string, unknown>) => [layer.mediaType, layer.annotations])).toEqual(
      [
        ["text/plain; charset=utf-8", { made: "here", "org.opencontainers.image.title": "notes.txt" }],
        ["x/bin", { "org.opencontainers.image.title": "model.bin" }],
      ],
    );
    const template = '{{(index .Manifest.Layers 1).MediaType}} {{index (index .Manifest.Layers 0).Annotations "made"}}';
    expect(await user.succeed(["artifact", "inspect", "--format", template, name])).toBe("x/bin here");
    expect(await user.succeed(["system", "df", "--format", "{{.Type}} {{.Total}}"])).toContain("Artifacts 1");
    const again = await user.dhow(["artifact", "add", name, "notes.txt"]);
    expect([again.exitCode, again.stderr]).toEqual([125, `Error: ${name}: artifact already exists\n`]);
  });

  it("goes to a registry with a password and back, and keeps its digest", async () => {
    const access = ["--creds", `${login.user}:${login.password}`, "--cert-dir", join(user.home, "certs")];
    const digest = await user.succeed(["artifact", "ls", "--no-trunc", "--format", "{{.Digest}}"]);
    const denied = await user.dhow(["artifact", "push", "--cert-dir", join(user.home, "certs"), name]);
    expect(denied.exitCode).toBe(125);
    await user.succeed(["artifact", "push", "-q", ...access, "--digestfile", "digest", name]);
    expect(readFileSync(join(user.home, "digest"), "utf8")).toBe(`sha256:${digest}`);
    expect(await user.succeed(["artifact", "rm", name])).toBe(digest);
    expect(await user.succeed(["system", "df", "--format", "{{.Type}}"])).not.toContain("Artifacts");
    const pulled = await user.dhow(["artifact", "pull", ...access, name]);
    expect([pulled.exitCode, pulled.stdout]).toEqual([0, `${digest}\n`]);
    expect(pulled.stderr).toContain(`Trying to pull ${name}...`);
    expect(await user.succeed(["artifact", "pull", "-q", ...access, name])).toBe("");
    const asImage = await user.dhow(["pull", "-q", ...access, name]);
    expect(asImage.stderr).toContain("unsupported image-specific operation on artifact");
  });

  it("comes out into a folder, a file and a pipe", async () => {
    await user.program(["mkdir", "out"]);
    await user.succeed(["artifact", "extract", name, "out"]);
    expect(readFileSync(join(user.home, "out/model.bin"))).toEqual(Buffer.alloc(300_000, 7));
    await user.succeed(["artifact", "extract", "--title", "notes.txt", name, "file"]);
    expect(readFileSync(join(user.home, "file"), "utf8")).toBe("hello\n");
    expect(await user.succeed(["artifact", "extract", "--title", "notes.txt", name, "/dev/stdout"])).toBe("hello");
    const several = await user.dhow(["artifact", "extract", name, "file"]);
    expect(several.stderr).toMatch(/^Error: the artifact consists of several blobs/);
  });

  it("stays when everything is pruned, and goes when it is removed", async () => {
    await user.succeed(["system", "prune", "--all", "--force"]);
    await user.succeed(["artifact", "extract", "--title", "model.bin", name, "out"]);
    expect(await user.succeed(["artifact", "rm", "--all"])).toMatch(/^[0-9a-f]{64}$/);
    expect(await user.succeed(["artifact", "ls", "--noheading"])).toBe("");
    const gone = await user.dhow(["artifact", "rm", name]);
    expect([gone.exitCode, gone.stderr]).toEqual([125, `Error: ${name}: artifact does not exist\n`]);
    await user.succeed(["artifact", "rm", "--ignore", name]);
  });
});
