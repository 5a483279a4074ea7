import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { describeTrust, setTrust } from "../../src/image/trust.ts";

let home: string;
let path: string;
let key: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "dhow-set-trust-"));
  path = join(home, "policy.json");
  key = join(home, "key.pub");
  writeFileSync(key, "key");
  vi.stubEnv("HOME", home);
  vi.stubEnv("DHOW_UID", "1000");
  for (const name of ["XDG_CONFIG_HOME", "CONTAINERS_POLICY_JSON"]) vi.stubEnv(name, "");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});
const read = (file = path) => JSON.parse(readFileSync(file, "utf8"));
const set = (scope: string, type: string, ...keyFiles: string[]) =>
  setTrust({ scope, type, keyFiles }, { policyPath: path });

describe("setTrust()", () => {
  it("writes requirements of all kinds", async () => {
    await set("default", "reject");
    await set("r.example/app", "sigstoreSigned", key);
    await set("r.example/gpg", "signedBy", key);
    await set("docker.io", "accept");
    expect(read()).toEqual({
      default: [{ type: "reject" }],
      transports: {
        docker: {
          "r.example/app": [{ type: "sigstoreSigned", keyPath: key }],
          "r.example/gpg": [{ type: "signedBy", keyType: "GPGKeys", keyPath: key }],
          "docker.io": [{ type: "insecureAcceptAnything" }],
        },
      },
    });
    await set("docker.io", "reject");
    expect(read().transports.docker["docker.io"]).toEqual([{ type: "reject" }]);
  });

  it("changes a scope in the transport that has it", async () => {
    writeFileSync(path, '{"default":[{"type":"reject"}],"transports":{"oci":{"/images":[{"type":"reject"}]}}}');
    await set("/images", "accept");
    expect(read().transports).toEqual({ oci: { "/images": [{ type: "insecureAcceptAnything" }] } });
  });

  it("changes the file that the environment names", async () => {
    vi.stubEnv("CONTAINERS_POLICY_JSON", path);
    await setTrust({ scope: "default", type: "reject", keyFiles: [] }, { policyPath: undefined });
    expect(read()).toEqual({ default: [{ type: "reject" }] });
  });

  it.each<[string, string, string[], RegExp]>([
    ["r.example", "accept", [], /default trust policy must be set/],
    ["default", "whatever", [], /invalid choice: whatever \(choose from/],
    ["default", "sigstoreSigned", [], /at least one public key must be defined for type 'sigstoreSigned'/],
    ["default", "reject", ["/x"], /1 public keys unexpectedly provided for trust type reject/],
    ["default", "signedBy", ["/does/not/exist"], /does not exist/],
    ["a b", "accept", [], /invalid image uri: a b/],
  ])("refuses %s %s %j", async (scope, type, keys, message) => {
    await expect(set(scope, type, ...keys)).rejects.toThrow(message);
    expect(existsSync(path)).toBe(false);
  });

  it("leaves a damaged policy alone", async () => {
    writeFileSync(path, '{"default":[]}');
    await expect(set("default", "accept")).rejects.toThrow(/invalid policy in/);
    expect(read()).toEqual({ default: [] });
  });
});

describe("describeTrust()", () => {
  it("lists every requirement with its lookaside store", async () => {
    await set("default", "reject");
    await set("r.example/app", "sigstoreSigned", key, key);
    mkdirSync(join(home, "d"));
    writeFileSync(join(home, "d/x.yaml"), "docker:\n  r.example:\n    lookaside: https://s.example\n");
    const entry = { transport: "repository", name: "r.example/app", repositoryName: "r.example/app" };
    const signed = { ...entry, type: "sigstoreSigned", keyId: "N/A", store: "https://s.example" };
    expect(await describeTrust({ policyPath: path, registriesPath: join(home, "d") })).toEqual([
      { transport: "all", name: "* (default)", repositoryName: "default", type: "reject", keyId: "", store: "" },
      signed,
      signed,
    ]);
  });
});
