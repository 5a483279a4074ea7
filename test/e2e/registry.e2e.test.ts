import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { sendJson, startServer } from "../registry/fake-registry.ts";
import { canBe, type TestUser, testUser, type UserKind } from "./harness.ts";
import { findProgram } from "./programs.ts";
import { type PushedImage, pushImage, pushManifest, type RunningRegistry, startRegistry } from "./registry.ts";

const { folder, registry } = inject("installation");
const login = { user: "alice", password: "open:sesame" };

/** A layer with a static busybox, so that containers of it can do something. */
function busyboxLayer(name: string, more: Readonly<Record<string, string>> = {}): Uint8Array {
  const root = join(folder, `layer-${name}`);
  mkdirSync(join(root, "bin"), { recursive: true });
  copyFileSync(findProgram("busybox") ?? "", join(root, "bin/busybox"));
  for (const [path, content] of Object.entries(more)) writeFileSync(join(root, path), content);
  execFileSync("ln", ["-sf", "busybox", join(root, "bin/sh")]);
  execFileSync("ln", ["-sf", "busybox", join(root, "bin/cat")]);
  return execFileSync("tar", ["-C", root, "--owner=0", "--group=0", "-cf", "-", "."], { maxBuffer: 2 ** 27 });
}

function push(
  repository: string,
  tag: string,
  content: Partial<Parameters<typeof pushImage>[1]> = {},
): Promise<PushedImage> {
  return pushImage(
    { host: registry, repository, tag },
    { layers: [busyboxLayer("base")], config: { Cmd: ["cat", "/message"] }, ...content },
  );
}

const writeAs = (user: TestUser, path: string, content: string) => {
  const full = join(user.home, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, content);
  execFileSync("chown", ["-R", String(user.uid), join(user.home, path.split("/")[0] ?? "")]);
};

/** Hands a request on to the registry of these tests. */
async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = await fetch(`http://${registry}${request.url}`, { headers: { accept: request.headers.accept ?? "" } });
  response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
  response.end(Buffer.from(await answer.arrayBuffer()));
}

describe.each<UserKind>(["range", "root", "norange"])("registries, as the %s user", (kind) => {
  describe.skipIf(!canBe(kind))("with a registry on this machine", () => {
    let user: TestUser;
    let locked: RunningRegistry;
    let secured: RunningRegistry;
    beforeAll(async () => {
      user = testUser(kind);
      // Whoever has no range is told so once.
      await user.dhow(["image", "exists", "x"]);
      const data = join(folder, "registry/data");
      locked = await startRegistry({ folder: join(folder, `locked-${kind}`), data, login });
      secured = await startRegistry({ folder: join(folder, `secured-${kind}`), data, tls: true });
      await push("message", "1", { layers: [busyboxLayer("base"), busyboxLayer("message", { message: "hello\n" })] });
    });
    afterAll(async () => {
      await user?.dispose();
      await locked?.stop();
      await secured?.stop();
    });

    it("dhow pull tells what it does on stderr, and the image's id on stdout", async () => {
      const { manifestDigest, configDigest, layerDigests } = await push("wording", "1");
      const name = `${registry}/wording:1`;
      const { exitCode, stdout, stderr } = await user.dhow(["pull", "--tls-verify=false", name]);
      expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0, stdout: `${configDigest.slice(7)}\n` });
      expect(stderr.trimEnd().split("\n")).toEqual([
        `Trying to pull ${name}...`,
        "Getting image source signatures",
        `Copying blob ${layerDigests[0]}`,
        `Copying config ${configDigest}`,
        "Writing manifest to image destination",
      ]);
      const quiet = await user.dhow([
        "pull",
        "-q",
        "--tls-verify=false",
        `docker://${registry}/wording@${manifestDigest}`,
      ]);
      expect(quiet).toEqual({ exitCode: 0, stdout: `${configDigest.slice(7)}\n`, stderr: "" });
    });

    it("dhow run pulls what is missing and runs it", async () => {
      const { exitCode, stdout, stderr } = await user.dhow([
        "run",
        "--rm",
        "--network",
        "none",
        "--tls-verify=false",
        `${registry}/message:1`,
      ]);
      expect({ exitCode, stdout, stderr }).toEqual({
        exitCode: 0,
        stdout: "hello\n",
        stderr: expect.stringContaining(`Trying to pull ${registry}/message:1...`),
      });
      expect(await user.succeed(["run", "--rm", "--network", "none", `${registry}/message:1`])).toBe("hello");
      await user.expectNothingLeft();
    });

    it("errors name the image and the reason, and exit with 125", async () => {
      const missing = await user.dhow(["pull", "--tls-verify=false", `${registry}/message:none`]);
      expect(missing.exitCode).toBe(125);
      expect(missing.stderr).toContain(
        `Error: initializing source docker://${registry}/message:none: reading manifest none in ${registry}/message: manifest unknown`,
      );
      const secure = await user.dhow(["pull", `${registry}/message:1`]);
      expect(secure.exitCode).toBe(125);
      expect(secure.stderr).toContain("http: server gave HTTP response to HTTPS client");
      expect(secure.stderr).toContain("--tls-verify=false");
      const never = await user.dhow(["run", "--pull", "never", "nowhere.invalid/x"]);
      expect(never.exitCode).toBe(125);
      expect(never.stderr).toContain("nowhere.invalid/x: image not known");
    });

    it("dhow login stores what the registry accepts, and dhow logout forgets it", async () => {
      const pull = () => user.dhow(["pull", "-q", "--tls-verify=false", `${locked.host}/message:1`]);
      const refused = await pull();
      expect(refused.exitCode).toBe(125);
      expect(refused.stderr).toContain("unauthorized: authentication required");

      const signIn = (input: string) =>
        user.dhow(["login", "--tls-verify=false", "-u", login.user, "--password-stdin", locked.host], { input });
      const wrong = await signIn("x");
      expect(wrong).toMatchObject({
        exitCode: 125,
        stderr: expect.stringContaining(`Error: logging into "${locked.host}": invalid username/password`),
      });
      expect(await signIn(`${login.password}\n`)).toEqual({ exitCode: 0, stdout: "Login Succeeded!\n", stderr: "" });
      expect(await user.succeed(["login", "--get-login", locked.host])).toBe(login.user);
      expect((await pull()).exitCode).toBe(0);
      expect(await user.succeed(["logout", locked.host])).toBe(`Removed login credentials for ${locked.host}`);
      expect((await pull()).exitCode).toBe(125);
      const creds = ["--creds", `${login.user}:${login.password}`];
      await user.succeed(["pull", "-q", "--tls-verify=false", ...creds, `${locked.host}/message:1`]);
    });

    it("dhow login asks on a terminal, without showing the password", async () => {
      const terminal = user.terminal(["login", "--tls-verify=false", locked.host]);
      await terminal.expect("Username: ");
      terminal.send(`${login.user}\r`);
      await terminal.expect("Password: ");
      terminal.send(`${login.password}\r`);
      await terminal.expect("Login Succeeded!");
      expect(await terminal.exit()).toBe(0);
      expect(terminal.text()).not.toContain(login.password);
      await user.succeed(["logout", "--all"]);
    });

    it("https works with the authority in certs.d", async () => {
      const name = `${secured.host}/message:1`;
      const unknown = await user.dhow(["pull", name]);
      expect(unknown.exitCode).toBe(125);
      expect(unknown.stderr).toContain("x509: certificate signed by unknown authority");
      writeAs(user, `.config/containers/certs.d/${secured.host}/ca.crt`, readFileSync(secured.authority ?? "", "utf8"));
      await user.succeed(["pull", "-q", name]);
    });

    it("registries.conf makes short names, mirrors and insecure registries work", async () => {
      writeAs(
        user,
        ".config/containers/registries.conf",
        `unqualified-search-registries = ["${registry}"]
[[registry]]
location = "${registry}"
insecure = true
[[registry]]
location = "far.invalid"
[[registry.mirror]]
location = "${registry}"
insecure = true
[[registry]]
location = "blocked.invalid"
blocked = true
`,
      );
      await push(`short-${kind}`, "1");
      const short = await user.dhow(["pull", `short-${kind}:1`]);
      expect(short).toMatchObject({ exitCode: 0 });
      expect(short.stderr).toMatch(/Resolving "short-.*" using unqualified-search registries \(.*registries\.conf\)/);
      expect(short.stderr).toContain(`Trying to pull ${registry}/short-${kind}:1...`);
      expect(await user.succeed(["pull", "-q", `far.invalid/short-${kind}:1`])).toBe(short.stdout.trim());
      const blocked = await user.dhow(["pull", "blocked.invalid/x"]);
      expect(blocked.stderr).toContain("registry blocked.invalid is blocked in");
      await user.program(["rm", join(user.home, ".config/containers/registries.conf")]);
    });
  });
});

describe.skipIf(!canBe("range"))("pulling", () => {
  let user: TestUser;
  beforeAll(() => {
    user = testUser("range");
  });
  afterAll(() => user?.dispose());

  it("signs in with Bearer tokens of a server of its own", async () => {
    const { configDigest } = await push("bearer", "1");
    await using tokens = await startServer((request, response) => {
      const isAlice = request.headers.authorization === `Basic ${Buffer.from("alice:pw").toString("base64")}`;
      const scope = new URL(request.url ?? "", "http://x").searchParams.get("scope") ?? "";
      if (isAlice) sendJson(response, 200, { token: `for-${Buffer.from(scope).toString("hex")}` });
      else sendJson(response, 401, { details: "incorrect username or password" });
    });
    await using front = await startServer((request, response) => {
      const scope = request.url === "/v2/" ? "" : "repository:bearer:pull";
      const challenge = `Bearer realm="http://${tokens.host}/token",service="test"${scope && `,scope="${scope}"`}`;
      if (request.headers.authorization !== `Bearer for-${Buffer.from(scope).toString("hex")}`) {
        sendJson(
          response,
          401,
          { errors: [{ code: "UNAUTHORIZED", message: "authentication required" }] },
          { "www-authenticate": challenge },
        );
      } else if (request.url?.includes("/blobs/")) {
        response.writeHead(307, { location: `http://${registry}${request.url}` }).end();
      } else {
        void forward(request, response);
      }
    });
    const wrong = await user.dhow(["login", "--tls-verify=false", "-u", "alice", "-p", "wrong", front.host]);
    expect(wrong.stderr).toContain(`Error: logging into "${front.host}": invalid username/password`);
    await user.succeed(["login", "--tls-verify=false", "-u", "alice", "-p", "pw", front.host]);
    expect(await user.succeed(["pull", "-q", "--tls-verify=false", `${front.host}/bearer:1`])).toBe(
      configDigest.slice(7),
    );
    expect(front.requests.every(({ headers }) => !headers.authorization?.startsWith("Basic"))).toBe(true);
  });

  it("chooses the platform that is asked for", async () => {
    const images = await Promise.all(
      ["amd64", "arm64"].map(async (architecture) => ({
        architecture,
        ...(await push("platforms", architecture, { architecture })),
      })),
    );
    const mediaType = "application/vnd.oci.image.index.v1+json";
    const manifests = await Promise.all(
      images.map(async ({ architecture, manifestDigest }) => {
        const accept = "application/vnd.oci.image.manifest.v1+json";
        const answer = await fetch(`http://${registry}/v2/platforms/manifests/${manifestDigest}`, {
          headers: { accept },
        });
        const size = (await answer.arrayBuffer()).byteLength;
        return { mediaType: accept, digest: manifestDigest, size, platform: { os: "linux", architecture } };
      }),
    );
    const target = { host: registry, repository: "platforms", tag: "all" };
    await pushManifest(target, {
      reference: "all",
      mediaType,
      bytes: Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests })),
    });
    for (const { architecture, configDigest } of images) {
      const id = await user.succeed([
        "pull",
        "-q",
        "--tls-verify=false",
        "--platform",
        `linux/${architecture}`,
        `${registry}/platforms:all`,
      ]);
      expect(id).toBe(configDigest.slice(7));
    }
    const none = await user.dhow(["pull", "--tls-verify=false", "--arch", "s390x", `${registry}/platforms:all`]);
    expect(none.stderr).toContain('no image found in image index for architecture "s390x"');
    expect(none.stderr).toContain("linux/amd64, linux/arm64");
  });

  it.each(["corrupted", "truncated"] as const)(
    "refuses a %s blob, and nothing of the image is there",
    async (damage) => {
      const damaged = await startRegistry({ folder: join(folder, `damaged-${damage}`) });
      try {
        const target = { host: damaged.host, repository: "x", tag: "1" };
        const { layerDigests } = await pushImage(target, { layers: [busyboxLayer(damage, { message: damage })] });
        const digest = layerDigests[0]?.slice(7) ?? "";
        const blob = join(damaged.data, "docker/registry/v2/blobs/sha256", digest.slice(0, 2), digest, "data");
        const bytes = readFileSync(blob);
        if (damage === "truncated") truncateSync(blob, bytes.length - 1000);
        else writeFileSync(blob, bytes.fill(0, 5000, 5001 + 8));
        const { exitCode, stderr } = await user.dhow(["pull", "--tls-verify=false", `${damaged.host}/x:1`]);
        expect(exitCode).toBe(125);
        expect(stderr).toContain(`copying blob sha256:${digest}`);
        expect(stderr).toMatch(
          damage === "truncated" ? /has \d+ bytes where the manifest names \d+/ : /Digest did not match/,
        );
        expect((await user.dhow(["image", "exists", `${damaged.host}/x:1`])).exitCode).toBe(1);
      } finally {
        await damaged.stop();
      }
    },
  );

  it("is safe with many at once, and downloads once", async () => {
    const { configDigest, layerDigests } = await push("parallel", "1", {
      layers: [busyboxLayer("p1", { p1: "1" }), busyboxLayer("p2", { p2: "2" })],
    });
    await using front = await startServer((request, response) => {
      void forward(request, response);
    });
    const pulls = Array.from({ length: 8 }, () =>
      user.succeed(["pull", "-q", "--tls-verify=false", `${front.host}/parallel:1`]),
    );
    expect(await Promise.all(pulls)).toEqual(Array(8).fill(configDigest.slice(7)));
    const blobs = front.requests.filter(({ url }) => url?.includes("/blobs/")).map(({ url }) => url?.split("/").at(-1));
    expect(blobs.toSorted()).toEqual([configDigest, ...layerDigests].toSorted());
  });

  it("shows each layer on a terminal, in its own line", async () => {
    const { configDigest, layerDigests } = await push("terminal", "1");
    const terminal = user.terminal(["pull", "--tls-verify=false", `${registry}/terminal:1`]);
    expect(await terminal.exit()).toBe(0);
    const shown = terminal.text();
    expect(shown).toContain(`Copying blob ${layerDigests[0]?.slice(7, 19)} done`);
    expect(shown).toContain(`Copying config ${configDigest.slice(7, 19)} done`);
    expect(shown).toContain(configDigest.slice(7));
  });
});
