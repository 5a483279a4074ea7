import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  findCredentials,
  removeAllCredentials,
  removeCredentials,
  storeCredentials,
} from "../../src/registry/credentials.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "dhow-login-"));
  vi.stubEnv("HOME", home);
  vi.stubEnv("XDG_RUNTIME_DIR", join(home, "run"));
  for (const name of ["XDG_CONFIG_HOME", "REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "CONTAINERS_REGISTRIES_CONF"])
    vi.stubEnv(name, "");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

const configFile = () => join(home, ".config/containers/auth.json");
const runFile = () => join(home, "run/containers/auth.json");
const dockerFile = () => join(home, ".docker/config.json");
const encode = (text: string) => Buffer.from(text).toString("base64");

function write(path: string, document: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof document === "string" ? document : JSON.stringify(document));
}

function read(path: string) {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** Puts a credential helper on PATH that keeps its secrets in files. */
function installHelper(name: string): string {
  const store = join(home, `store-${name}`);
  mkdirSync(store);
  const path = join(home, "bin", `docker-credential-${name}`);
  write(
    path,
    `#!/bin/sh
name() { printf %s "$1" | tr -c 'a-zA-Z0-9' _; }
input=$(cat)
case $1 in
  get) file=${store}/$(name "$input"); if [ -e "$file" ]; then cat "$file"; else echo "credentials not found in native keychain"; exit 1; fi ;;
  store) server=$(printf %s "$input" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/'); printf %s "$input" > ${store}/$(name "$server") ;;
  erase) rm -f ${store}/$(name "$input") ;;
  list) cd ${store}; printf '{'; comma=; for file in *; do [ -e "$file" ] || continue; server=$(sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/' "$file"); printf '%s"%s":"x"' "$comma" "$server"; comma=,; done; echo '}' ;;
esac
`,
  );
  chmodSync(path, 0o755);
  vi.stubEnv("PATH", `${join(home, "bin")}:${process.env.PATH}`);
  return store;
}

describe("findCredentials()", () => {
  it("prefers the longest key that fits", async () => {
    const auths = Object.fromEntries(
      ["r.example", "r.example/team", "r.example/team/app"].map((key) => [key, { auth: encode(`${key}:p`) }]),
    );
    write(configFile(), { auths });
    expect((await findCredentials("r.example/team/app"))?.username).toBe("r.example/team/app");
    expect((await findCredentials("r.example/team/app/x"))?.username).toBe("r.example/team/app");
    expect((await findCredentials("r.example/team2"))?.username).toBe("r.example");
    expect(await findCredentials("r.example:443")).toBeUndefined();
    expect(await findCredentials("other.example")).toBeUndefined();
  });

  it("looks in podman's run-time file, then in its permanent one, then in Docker's", async () => {
    write(dockerFile(), { auths: { "https://r.example/v1/": { auth: encode("docker:p") } } });
    expect(await findCredentials("r.example/x")).toEqual({ username: "docker", password: "p" });
    write(configFile(), { auths: { "r.example": { auth: encode("config:a:b") } } });
    expect(await findCredentials("r.example/x")).toEqual({ username: "config", password: "a:b" });
    write(runFile(), { auths: { "r.example": { auth: encode("run:p") } } });
    expect((await findCredentials("r.example/x"))?.username).toBe("run");
  });

  it("knows Docker Hub by all of its names", async () => {
    write(dockerFile(), { auths: { "https://index.docker.io/v1/": { auth: encode("hub:p") } } });
    expect((await findCredentials("docker.io/library/alpine"))?.username).toBe("hub");
    expect((await findCredentials("registry-1.docker.io"))?.username).toBe("hub");
  });

  it("uses one file alone when it is named", async () => {
    write(configFile(), { auths: { "r.example": { auth: encode("config:p") } } });
    const own = join(home, "own.json");
    write(own, { auths: {} });
    expect(await findCredentials("r.example", { authFile: own })).toBeUndefined();
    vi.stubEnv("REGISTRY_AUTH_FILE", own);
    expect(await findCredentials("r.example")).toBeUndefined();
    await expect(findCredentials("r.example", { authFile: join(home, "nowhere") })).rejects.toThrow(
      /credential file is not accessible/,
    );
    await expect(findCredentials("r.example", { authFile: own, compatAuthFile: own })).rejects.toThrow(
      /can not be set simultaneously/,
    );
  });

  it("reads Docker's file of old last", async () => {
    write(join(home, ".dockercfg"), { "https://r.example/v1/": { auth: encode("old:p"), email: "a@b" } });
    expect((await findCredentials("r.example/x"))?.username).toBe("old");
    write(dockerFile(), { auths: { "r.example": { auth: encode("docker:p") } } });
    expect((await findCredentials("r.example/x"))?.username).toBe("docker");
  });

  it("reads identity tokens", async () => {
    write(configFile(), { auths: { "r.example": { auth: encode("u:"), identitytoken: "refresh" } } });
    expect(await findCredentials("r.example")).toEqual({ username: "u", password: "", identityToken: "refresh" });
  });

  it.each([
    ["no JSON: secret", /not JSON/],
    ["[]", /not JSON/],
    ['{"auths":[]}', /auths is not an object/],
    [`{"auths":{"r.example":{"auth":"${encode("secret-without-colon")}"}}}`, /entry of r\.example is not valid/],
    ['{"auths":{"r.example":{"auth":5}}}', /entry of r\.example is not valid/],
  ])("refuses a damaged file without repeating it: %s", async (text, message) => {
    write(configFile(), text);
    const failure = await findCredentials("r.example").catch((error: Error) => error);
    expect(failure).toHaveProperty("message", expect.stringMatching(message));
    expect(failure).not.toHaveProperty("message", expect.stringContaining("secret"));
  });

  it("bears empty files and nulls", async () => {
    write(configFile(), "");
    write(runFile(), '{"auths":null,"credHelpers":null}');
    expect(await findCredentials("r.example")).toBeUndefined();
  });
});

describe("storeCredentials()", () => {
  const alice = { username: "alice", password: "pw" };

  it("writes a private file that survives a reboot, and keeps what it does not know", async () => {
    expect(await storeCredentials("r.example", alice)).toBe(configFile());
    expect(statSync(configFile()).mode & 0o777).toBe(0o600);
    write(configFile(), {
      ...read(configFile()),
      HttpHeaders: { a: "b" },
      auths: { ...read(configFile()).auths, other: { auth: "eA==", extra: 1 } },
    });
    await storeCredentials("r.example/ns", alice);
    expect(read(configFile())).toEqual({
      HttpHeaders: { a: "b" },
      auths: {
        "r.example": { auth: encode("alice:pw") },
        other: { auth: "eA==", extra: 1 },
        "r.example/ns": { auth: encode("alice:pw") },
      },
    });
  });

  it("replaces a login where it is, so that an older one does not hide it", async () => {
    write(runFile(), { auths: { "r.example": { auth: encode("old:p") } } });
    expect(await storeCredentials("r.example", alice)).toBe(runFile());
    expect(await findCredentials("r.example")).toEqual(alice);
  });

  it("writes Docker's format to DOCKER_CONFIG and --compat-auth-file", async () => {
    vi.stubEnv("DOCKER_CONFIG", join(home, "docker"));
    await storeCredentials("docker.io", alice);
    expect(read(join(home, "docker/config.json"))).toEqual({
      auths: { "https://index.docker.io/v1/": { auth: encode("alice:pw") } },
    });
    await expect(storeCredentials("r.example/ns", alice)).rejects.toThrow(/namespaced key/);
  });

  it("keeps a symbolic link", async () => {
    const real = join(home, "dotfiles/auth.json");
    write(real, {});
    mkdirSync(dirname(configFile()), { recursive: true });
    symlinkSync(real, configFile());
    await storeCredentials("r.example", alice);
    expect(lstatSync(configFile()).isSymbolicLink()).toBe(true);
    expect(read(real).auths["r.example"]).toBeDefined();
  });

  it("loses nothing when many store at once", async () => {
    await Promise.all(Array.from({ length: 12 }, (_, number) => storeCredentials(`r${number}.example`, alice)));
    expect(Object.keys(read(configFile()).auths)).toHaveLength(12);
  });
});

describe("credential helpers", () => {
  const alice = { username: "alice", password: "pw" };

  it("are used for the registries that name one", async () => {
    const store = installHelper("test");
    write(configFile(), { credHelpers: { "r.example": "test" } });
    expect(await findCredentials("r.example")).toBeUndefined();
    expect(await storeCredentials("r.example", alice)).toBe("credential helper docker-credential-test");
    expect(read(join(store, "r_example"))).toEqual({ ServerURL: "r.example", Username: "alice", Secret: "pw" });
    expect(read(configFile())).toEqual({ credHelpers: { "r.example": "test" } });
    expect(await findCredentials("r.example/team/app")).toEqual(alice);
    expect(await removeCredentials("r.example")).toBe(true);
    expect(await removeCredentials("r.example")).toBe(false);
  });

  it("give identity tokens", async () => {
    const store = installHelper("test");
    write(configFile(), { credHelpers: { "r.example": "test" } });
    writeFileSync(join(store, "r_example"), '{"Username":"<token>","Secret":"refresh"}');
    expect((await findCredentials("r.example"))?.identityToken).toBe("refresh");
  });

  it("serve all registries as Docker's credsStore, under Docker Hub's long name", async () => {
    const store = installHelper("desk");
    write(dockerFile(), { credsStore: "desk" });
    writeFileSync(join(store, "https___index_docker_io_v1_"), '{"Username":"hub","Secret":"s"}');
    expect(await findCredentials("docker.io/library/alpine")).toEqual({ username: "hub", password: "s" });
  });

  it("do not stop anybody when a credsStore is missing, but do when a registry's own helper is", async () => {
    write(dockerFile(), { credsStore: "missing-store" });
    expect(await findCredentials("r.example")).toBeUndefined();
    write(configFile(), { credHelpers: { "r.example": "missing-helper" } });
    await expect(findCredentials("r.example")).rejects.toThrow(/"docker-credential-missing-helper" is not installed/);
  });

  it("of a credsStore lose all their logins with those of the file", async () => {
    const store = installHelper("desk");
    vi.stubEnv("DOCKER_CONFIG", join(home, ".docker"));
    write(dockerFile(), { credsStore: "desk", credHelpers: {} });
    expect(await storeCredentials("r.example", alice)).toBe("credential helper docker-credential-desk");
    expect(await storeCredentials("docker.io", alice)).toBe("credential helper docker-credential-desk");
    expect(readdirSync(store)).toEqual(["https___index_docker_io_v1_", "r_example"]);
    await removeAllCredentials();
    expect(readdirSync(store)).toEqual([]);
  });

  it("named in registries.conf are asked in its order, and keep the logins of registries", async () => {
    const store = installHelper("first");
    const conf = join(home, "registries.conf");
    vi.stubEnv("CONTAINERS_REGISTRIES_CONF", conf);
    writeFileSync(conf, 'credential-helpers = ["first", "containers-auth.json"]');
    write(configFile(), { auths: { "r.example": { auth: encode("file:p") } } });
    expect(await findCredentials("r.example/a")).toEqual({ username: "file", password: "p" });
    expect(await storeCredentials("r.example", alice)).toBe("credential helper docker-credential-first");
    expect(await findCredentials("r.example/a")).toEqual(alice);
    expect(await storeCredentials("r.example/ns", alice)).toBe(configFile());
    expect(await removeCredentials("r.example")).toBe(true);
    expect(readdirSync(store)).toEqual([]);
    expect(Object.keys(read(configFile()).auths)).toEqual(["r.example/ns"]);
    await storeCredentials("r.example", alice);
    await removeAllCredentials();
    expect(readdirSync(store)).toEqual([]);
    writeFileSync(conf, 'credential-helpers = ["first"]');
    await expect(storeCredentials("r.example/ns", alice)).rejects.toThrow(
      'namespaced key is not supported for credential helper first: "r.example/ns"',
    );
  });

  it("that repeat the secret when they fail do not make us show it", async () => {
    installHelper("loud");
    write(join(home, "bin/docker-credential-loud"), "#!/bin/sh\ncat >&2; echo >&2; exit 1\n");
    write(configFile(), { credHelpers: { "r.example": "loud" } });
    const failure = await storeCredentials("r.example", { username: "alice", password: "hush-hush" }).catch(
      (error: Error) => error,
    );
    expect(failure).toHaveProperty("message", expect.stringContaining("docker-credential-loud store: {"));
    expect(failure).not.toHaveProperty("message", expect.stringContaining("hush"));
  });

  it("cannot be any program", async () => {
    write(join(home, "evil"), "#!/bin/sh\n");
    for (const name of ["x/../../evil", "../evil", "a b", ""]) {
      write(configFile(), { credHelpers: { "r.example": name } });
      await expect(findCredentials("r.example")).rejects.toThrow(/is not installed/);
    }
  });
});

describe("removeCredentials()", () => {
  it("removes a login from every place, and no other", async () => {
    write(runFile(), { auths: { "r.example": { auth: encode("a:b") }, "s.example": { auth: encode("a:b") } } });
    write(configFile(), { auths: { "r.example": { auth: encode("a:b") } }, kept: 1 });
    expect(await removeCredentials("r.example")).toBe(true);
    expect(read(runFile())).toEqual({ auths: { "s.example": { auth: encode("a:b") } } });
    expect(read(configFile())).toEqual({ auths: {}, kept: 1 });
    expect(await removeCredentials("r.example")).toBe(false);
  });

  it("leaves Docker's file to Docker", async () => {
    write(dockerFile(), { auths: { "r.example": { auth: encode("a:b") } } });
    expect(await removeCredentials("r.example")).toBe(false);
    expect(await findCredentials("r.example")).toBeDefined();
  });

  it("removeAllCredentials() empties the files that are there, and makes none", async () => {
    write(configFile(), { auths: { a: { auth: "" }, b: {} }, kept: 1 });
    await removeAllCredentials();
    expect(read(configFile())).toEqual({ auths: {}, kept: 1 });
    expect(existsSync(runFile())).toBe(false);
  });
});
