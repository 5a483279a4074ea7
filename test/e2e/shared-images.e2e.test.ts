import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";
import { pushImage } from "./registry.ts";

const { folder, registry } = inject("installation");

/** A folder as a layer, with a file of another owner than root in it. */
function makeLayer(): string {
  const root = mkdtempSync(join(folder, "shared-layer-"));
  mkdirSync(join(root, "bin"));
  execFileSync("cp", [
    execFileSync("sh", ["-c", "command -v busybox"], { encoding: "utf8" }).trim(),
    join(root, "bin/busybox"),
  ]);
  for (const name of ["sh", "id", "cat", "stat", "touch", "chown"]) {
    execFileSync("ln", ["-s", "busybox", join(root, "bin", name)]);
  }
  execFileSync("sh", ["-c", "echo secret > data && chown 33:33 data && chmod 600 data"], { cwd: root });
  return root;
}

describe.skipIf(!canBe("root") || !canBe("range"))("a store that root shares with a user", () => {
  let root: TestUser;
  let user: TestUser;
  let store: string;
  const image = `${registry}/shared/tools:1`;
  const inStore = (...args: string[]) => root.succeed(["--root", store, ...args]);
  const files = (path: string) =>
    readdirSync(path, { recursive: true, encoding: "utf8" })
      .toSorted()
      .map((name) => `${name} ${statSync(join(path, name)).mtimeMs}`);

  beforeAll(async () => {
    root = testUser("root");
    user = testUser("range");
    store = join(mkdtempSync(join(folder, "shared-")), "images");
    await pushImage({ host: registry, repository: "shared/tools", tag: "1" }, { layers: [makeLayer()] });
    await inStore("pull", "-q", "--tls-verify=false", image);
  });
  afterAll(async () => {
    await root?.dhow(["--root", store, "system", "share-images", "--stop", user.name]);
    await user?.dispose();
    await root?.dispose();
    rmSync(store, { recursive: true, force: true });
  });

  it("cannot be shared by anybody else, nor while it has containers", async () => {
    const refused = await user.dhow(["--root", store, "system", "share-images", user.name]);
    expect(refused).toMatchObject({ exitCode: 125, stderr: expect.stringContaining("only root can share a store") });
    expect((await root.dhow(["system", "share-images", user.name])).stderr).toContain(
      "cannot share the store of your own",
    );
    const id = await inStore("create", image, "sh");
    expect((await root.dhow(["--root", store, "system", "share-images", user.name])).stderr).toContain(
      "containers in it",
    );
    await inStore("rm", id);
    expect((await root.dhow(["--root", store, "system", "share-images", "nobody-of-that-name"])).stderr).toContain(
      'unknown user "nobody-of-that-name"',
    );
  });

  it("is listed, inspected and run without a copy, with the right owners of files", async () => {
    const path = await inStore("system", "share-images", user.name);
    expect(path).toContain(`/run/dhow-shared/${user.uid}/`);
    expect(await root.succeed(["system", "share-images", "--list"])).toContain(`${user.uid} ${path}`);
    const before = files(store);
    expect(await user.succeed(["images", "--format", "{{.Repository}}:{{.Tag}} {{.ReadOnly}}"])).toBe(`${image} true`);
    expect(await user.succeed(["images"])).toMatch(/R\/O\n.* true/);
    expect(JSON.parse(await user.succeed(["inspect", image]))[0].RepoTags).toEqual([image]);
    const script = "cat /data && stat -c %u:%g /data /bin && echo more >> /data && cat /data && chown 7 /data";
    expect(await user.succeed(["run", "--rm", "--network", "none", image, "sh", "-c", script])).toBe(
      "secret\n33:33\n0:0\nsecret\nmore",
    );
    expect(readdirSync(join(user.home, ".local/share/dhow"))).not.toContain("layers");
    expect(readdirSync(join(user.home, ".local/share/dhow"))).not.toContain("blobs");
    expect(files(store)).toEqual(before);
    await user.expectNothingLeft();
  });

  it("cannot be written by the user", async () => {
    const path = (await root.succeed(["system", "share-images", "--list"])).split(" ").at(-1) ?? "";
    for (const command of [`echo x > ${path}/state.db`, `rm -rf ${path}/layers`, `mount -o remount,rw ${path}`]) {
      const { exitCode } = await user.dhow(["unshare", "sh", "-c", command]);
      expect(exitCode).not.toBe(0);
    }
    for (const command of [
      ["rmi", image],
      ["rmi", "-f", image],
    ]) {
      const refused = await user.dhow(command);
      expect(refused.exitCode).toBe(125);
      expect(refused.stderr).toMatch(/Error: cannot remove read-only image "[0-9a-f]{64}"/);
    }
    expect((await user.dhow(["rmi", "--all"])).exitCode).toBe(0);
    expect(await user.succeed(["images", "-q", "--filter", "readonly=true"])).not.toBe("");
    expect(await inStore("images", "-q")).not.toBe("");
  });

  it("gives its images other names, and shows what is new in it", async () => {
    await user.succeed(["tag", image, "mine:1"]);
    expect(await user.succeed(["run", "--rm", "--network", "none", "mine:1", "cat", "/data"])).toBe("secret");
    await user.succeed(["rmi", "mine:1"]);
    await pushImage({ host: registry, repository: "shared/new", tag: "1" }, { layers: [Buffer.alloc(1024)] });
    await inStore("pull", "-q", "--tls-verify=false", `${registry}/shared/new:1`);
    expect(await user.succeed(["images", "--format", "{{.Repository}}"])).toContain("shared/new");
  });

  it("is gone when it is taken away", async () => {
    const path = await inStore("system", "share-images", user.name);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).toContain(path);
    await inStore("system", "share-images", "--stop", user.name);
    expect(await root.succeed(["system", "share-images", "--list"])).not.toContain(path);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(path);
  });
});

describe.skipIf(!canBe("range"))("a second store of one's own", () => {
  let user: TestUser;
  beforeAll(() => {
    user = testUser("range");
  });
  afterAll(() => user?.dispose());

  it("lends its images where a flag, a variable or storage.conf names it", async () => {
    const store = join(user.home, "store");
    await user.succeed(["--root", store, "run", "--rm", "--network", "none", "localhost/dhow-busybox", "true"]);
    const flag = ["--storage-opt", `additionalimagestore=${store}`];
    expect(await user.succeed([...flag, "images", "--format", "{{.ReadOnly}}"])).toBe("true");
    const env = { DHOW_ADDITIONAL_STORES: store };
    const run = ["run", "--rm", "--network", "none", "localhost/dhow-busybox", "echo", "hello"];
    expect(await user.succeed(run, { env })).toBe("hello");
    expect(await user.succeed(["images", "-q"])).toBe("");
    await user.program([
      "sh",
      "-c",
      `printf '[storage.options]\\nadditionalimagestores = ["${store}", "/nowhere"]\\n' > conf`,
    ]);
    const conf = { CONTAINERS_STORAGE_CONF: join(user.home, "conf") };
    expect(await user.succeed(["images", "--format", "{{.ReadOnly}}"], { env: conf })).toBe("true");
    const missing = await user.dhow(["--storage-opt", "additionalimagestore=/nowhere", "images"]);
    expect(missing.stderr).toContain("Error: cannot use the image store /nowhere");
  });
});
