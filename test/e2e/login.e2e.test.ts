import { chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { sendJson, startServer } from "../registry/fake-registry.ts";
import { canBe, type TestUser, testUser } from "./harness.ts";
import { pushImage, type RunningRegistry, startRegistry } from "./registry.ts";

const { folder } = inject("installation");
const account = { user: "alice", password: "open:sesame" };

/** A credential helper that keeps its logins in files, and writes down what it was asked. */
const helperProgram = `#!/bin/sh
store=$HOME/keychain
mkdir -p $store
name() { printf %s "$1" | tr -c 'a-zA-Z0-9' _; }
input=$(cat)
echo "$1" >> $HOME/helper.log
case $1 in
  get) cat "$store/$(name "$input")" 2>/dev/null || { echo "credentials not found in native keychain"; exit 1; } ;;
  store) printf %s "$input" > "$store/$(name "$(printf %s "$input" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/')")" ;;
  erase) rm -f "$store/$(name "$input")" ;;
esac
`;

describe.skipIf(!canBe("range"))("dhow login and logout", () => {
  let user: TestUser;
  let locked: RunningRegistry;
  let secured: RunningRegistry;
  const authFile = () => join(user.home, ".config/containers/auth.json");
  const readJson = (path: string) => JSON.parse(readFileSync(path, "utf8"));
  const write = (path: string, content: string, mode = 0o600) => {
    const full = join(user.home, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content, { mode });
    for (let each = full; each !== user.home; each = dirname(each)) chownSync(each, user.uid, user.uid);
    return full;
  };
  const signIn = (target: string, ...flags: string[]) =>
    user.dhow(["login", "--tls-verify=false", "-u", account.user, "--password-stdin", ...flags, target], {
      input: `${account.password}\n`,
    });

  beforeAll(async () => {
    user = testUser("range");
    locked = await startRegistry({ folder: join(folder, "login-locked"), login: account });
    secured = await startRegistry({ folder: join(folder, "login-secured"), login: account, tls: true });
    const authorization = `Basic ${Buffer.from(`${account.user}:${account.password}`).toString("base64")}`;
    const target = { host: locked.host, repository: "team/app", tag: "1", authorization };
    await pushImage(target, { layers: [Buffer.alloc(1024)] });
  });
  afterAll(async () => {
    await user?.dispose();
    await locked?.stop();
    await secured?.stop();
  });

  it("keep logins of a namespace apart, in a file that nobody else can read", async () => {
    expect(await signIn(`${locked.host}/team`, "--verbose")).toEqual({
      exitCode: 0,
      stdout: `Used:  ${authFile()}\nLogin Succeeded!\n`,
      stderr: "",
    });
    expect(statSync(authFile()).mode & 0o777).toBe(0o600);
    expect(Object.keys(readJson(authFile()).auths)).toEqual([`${locked.host}/team`]);
    await user.succeed(["pull", "-q", "--tls-verify=false", `${locked.host}/team/app:1`]);
    expect((await user.dhow(["pull", "-q", "--tls-verify=false", `${locked.host}/other/app:1`])).stderr).toContain(
      "unauthorized",
    );
    expect(await user.succeed(["login", "--get-login", `${locked.host}/team`])).toBe(account.user);
    expect(await user.dhow(["login", "--get-login", locked.host])).toMatchObject({
      exitCode: 125,
      stderr: `Error: not logged into ${locked.host}\n`,
    });
    expect(await user.dhow(["logout", locked.host])).toMatchObject({
      exitCode: 125,
      stderr: `Error: not logged into ${locked.host}\n`,
    });
    expect(await user.succeed(["logout", `${locked.host}/team`])).toBe(
      `Removed login credentials for ${locked.host}/team`,
    );
  });

  it("say that a stored login is still good, and what is wrong with flags", async () => {
    await signIn(locked.host);
    expect(await user.succeed(["login", "--tls-verify=false", locked.host])).toBe(
      `Authenticating with existing credentials for ${locked.host}\nExisting credentials are valid. Already logged in to ${locked.host}`,
    );
    const both = ["login", "-u", "a", "--password", "b", "--password-stdin", locked.host];
    expect((await user.dhow(both)).stderr).toContain("can't specify both --password-stdin and --password");
    expect((await user.dhow(["login", "--password-stdin", locked.host])).stderr).toContain(
      "must provide --username with --password-stdin",
    );
    expect((await user.dhow(["login", `${locked.host}/team:1`])).stderr).toContain("contains tag or digest");
    expect(await user.succeed(["logout", "--all"])).toBe("Removed login credentials for all registries");
    expect(readJson(authFile())).toEqual({ auths: {} });
  });

  it("store nothing that the registry refuses, and tell no password", async () => {
    const password = "not-the-password";
    const refused = await user.dhow([
      "--log-level=debug",
      "login",
      "--tls-verify=false",
      "-u",
      "alice",
      "-p",
      password,
      locked.host,
    ]);
    expect(refused.exitCode).toBe(125);
    expect(refused.stderr).toContain(`logging into "${locked.host}": invalid username/password`);
    expect(refused.stderr).not.toContain(password);
    expect(readJson(authFile())).toEqual({ auths: {} });
    const silent = await user.dhow(["login", "-u", "alice", "-p", password, "127.0.0.1:1"]);
    expect(silent.stderr).toContain(`authenticating creds for "127.0.0.1:1": pinging container registry 127.0.0.1:1`);
  });

  it("warn on a terminal who writes a password on the command line", async () => {
    const terminal = user.terminal([
      ...["login", "--tls-verify=false", "-u", account.user, "-p", account.password, locked.host],
    ]);
    await terminal.expect("use --password-stdin");
    await terminal.expect("Login Succeeded!");
    expect(await terminal.exit()).toBe(0);
  });

  it("take the password from a secret", async () => {
    await user.succeed(["secret", "create", account.user, "-"], { input: `${account.password}\n` });
    const flags = ["login", "--tls-verify=false", "--secret", account.user];
    expect(await user.succeed([...flags, locked.host])).toBe("Login Succeeded!");
    expect(await user.succeed(["login", "--get-login", locked.host])).toBe(account.user);
    expect((await user.dhow([...flags, "-p", "x", locked.host])).stderr).toContain(
      "--secret can not be used with --password options",
    );
    expect((await user.dhow(["login", "--secret", "none", locked.host])).stderr).toContain("no such secret");
    await user.succeed(["logout", "--all"]);
  });

  it("use the files that flags and variables name, in Podman's and in Docker's format", async () => {
    const own = join(user.home, "own.json");
    expect((await signIn(locked.host, "--authfile", own)).exitCode).toBe(0);
    expect(Object.keys(readJson(own).auths)).toEqual([locked.host]);
    const docker = join(user.home, "docker.json");
    expect((await signIn(locked.host, "--compat-auth-file", docker)).exitCode).toBe(0);
    expect((await signIn(`${locked.host}/team`, "--compat-auth-file", docker)).stderr).toContain("namespaced key");
    const env = { REGISTRY_AUTH_FILE: own };
    expect(await user.succeed(["login", "--get-login", locked.host], { env })).toBe(account.user);
    await user.succeed(["logout", "--compat-auth-file", docker, locked.host]);
    await user.succeed(["logout", locked.host], { env });
    expect([readJson(own), readJson(docker)]).toEqual([{ auths: {} }, { auths: {} }]);
  });

  it("check certificates of --cert-dir", async () => {
    const flags = ["login", "-u", account.user, "--password-stdin"];
    const input = account.password;
    const unknown = await user.dhow([...flags, secured.host], { input });
    expect(unknown.stderr).toContain("x509: certificate signed by unknown authority");
    const certificate = write("certs/ca.crt", readFileSync(secured.authority ?? "", "utf8"));
    expect(await user.succeed([...flags, "--cert-dir", dirname(certificate), secured.host], { input })).toBe(
      "Login Succeeded!",
    );
    await user.succeed(["logout", "--all"]);
  });

  it("lose nothing when many run at once", async () => {
    const keys = Array.from({ length: 8 }, (_, number) => `${locked.host}/space-${number}`);
    const results = await Promise.all(keys.map((key) => signIn(key)));
    expect(results.map(({ exitCode }) => exitCode)).toEqual(keys.map(() => 0));
    expect(Object.keys(readJson(authFile()).auths).toSorted()).toEqual(keys);
    await Promise.all(keys.map((key) => user.succeed(["logout", key])));
    expect(readJson(authFile())).toEqual({ auths: {} });
  });

  it("give and ask a credential helper", async () => {
    const bin = dirname(write("bin/docker-credential-keychain", helperProgram, 0o755));
    const env = { PATH: `${bin}:${dirname(process.execPath)}:${inject("installation").prefix}/bin:/usr/bin:/bin` };
    write(".config/containers/auth.json", JSON.stringify({ credHelpers: { [locked.host]: "keychain" } }));
    const flags = ["login", "--tls-verify=false", "-v", "-u", account.user, "--password-stdin", locked.host];
    expect(await user.succeed(flags, { env, input: account.password })).toBe(
      "Used:  credential helper docker-credential-keychain\nLogin Succeeded!",
    );
    expect(readFileSync(authFile(), "utf8")).not.toContain("auths");
    await user.succeed(["pull", "-q", "--tls-verify=false", `${locked.host}/team/app:1`], { env });
    await user.succeed(["logout", locked.host], { env });
    expect(readFileSync(join(user.home, "helper.log"), "utf8").split("\n")).toEqual(
      expect.arrayContaining(["store", "get", "erase"]),
    );
    const missing = await user.dhow(["pull", "-q", "--tls-verify=false", `${locked.host}/team/app:1`]);
    expect(missing.stderr).toContain('credential helper "docker-credential-keychain" is not installed');
    write(".config/containers/auth.json", "{}");
  });

  it("know identity tokens", async () => {
    const forms: URLSearchParams[] = [];
    await using tokens = await startServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        forms.push(new URLSearchParams(body));
        if (forms.at(-1)?.get("refresh_token") === "refresh") sendJson(response, 200, { access_token: "access" });
        else sendJson(response, 401, { details: `bad ${forms.at(-1)?.get("refresh_token")}` });
      });
    });
    await using front = await startServer((request, response) => {
      const challenge = `Bearer realm="http://${tokens.host}/token",service="test"`;
      if (request.headers.authorization === "Bearer access") sendJson(response, 200, {});
      else sendJson(response, 401, {}, { "www-authenticate": challenge });
    });
    const store = (token: string) =>
      write(".config/containers/auth.json", JSON.stringify({ auths: { [front.host]: { identitytoken: token } } }));
    store("refresh");
    expect(await user.succeed(["login", "--tls-verify=false", front.host])).toContain("Already logged in");
    expect(Object.fromEntries(forms[0] ?? [])).toEqual({
      client_id: "dhow",
      grant_type: "refresh_token",
      refresh_token: "refresh",
      service: "test",
    });
    store("stale-token");
    const stale = await user.dhow(["pull", "--tls-verify=false", `${front.host}/a:1`]);
    expect(stale.stderr).toContain("unable to retrieve auth token: invalid username/password: bad <redacted>");
  });
});
