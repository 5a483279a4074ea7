import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseReference } from "../../src/oci/reference.ts";
import { findPolicyPath, loadPolicy } from "../../src/trust/policy-file.ts";
import { findSignatureStore, findStoreOfScope, loadSignatureStores } from "../../src/trust/registries-d.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "dhow-registries-d-"));
  mkdirSync(join(home, ".config/containers/registries.d"), { recursive: true });
  vi.stubEnv("HOME", home);
  for (const name of ["XDG_CONFIG_HOME", "CONTAINERS_POLICY_JSON"]) vi.stubEnv(name, "");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});
const write = (name: string, text: string) => writeFileSync(join(home, ".config/containers", name), text);

describe("loadSignatureStores()", () => {
  it("merges the files of the user's folder, and the narrowest section counts alone", async () => {
    write("registries.d/a.yaml", "default-docker:\n  sigstore: https://old.example/\n");
    write(
      "registries.d/b.yaml",
      "docker:\n  r.example:\n    use-sigstore-attachments: true\n  r.example/team:\n    lookaside: file:///x\n",
    );
    write("registries.d/ignored.txt", "not yaml: [");
    const stores = await loadSignatureStores();
    const of = (name: string) => findSignatureStore(stores, parseReference(name));
    expect(of("alpine:1")).toMatchObject({ lookaside: "https://old.example/", useSigstoreAttachments: false });
    expect(of("r.example/app:1")).toMatchObject({ lookaside: undefined, useSigstoreAttachments: true });
    expect(of("r.example/team/app:1")).toMatchObject({ lookaside: "file:///x", useSigstoreAttachments: false });
    expect(findStoreOfScope(stores, "r.example/team")?.lookaside).toBe("file:///x");
    expect(findStoreOfScope(stores, "")?.lookaside).toBe("https://old.example/");
  });

  it.each([
    ["docker: [", /it cannot be read/],
    ["podman: {}", /unknown key "podman"/],
    ["docker:\n  r.example: text", /r.example is not a mapping/],
    ["docker:\n  r.example:\n    use-sigstore-attachments: maybe", /neither true nor false/],
    ["docker:\n  twice.example: {}", /docker "twice.example" is defined in .*a\.yaml, too/],
  ])("refuses %j", async (text, message) => {
    write("registries.d/a.yaml", "docker:\n  twice.example: {}\n");
    write("registries.d/b.yaml", text);
    await expect(loadSignatureStores()).rejects.toThrow(message);
  });
});

describe("loadPolicy()", () => {
  it("takes the user's own file before the system's, and what the environment names before both", () => {
    write("policy.json", '{"default":[{"type":"reject"}]}');
    expect(findPolicyPath()).toBe(join(home, ".config/containers/policy.json"));
    expect(loadPolicy().default).toEqual([{ type: "reject" }]);
    const other = join(home, "other.json");
    writeFileSync(other, '{"default":[{"type":"insecureAcceptAnything"}]}');
    vi.stubEnv("CONTAINERS_POLICY_JSON", other);
    expect(loadPolicy().default).toEqual([{ type: "insecureAcceptAnything" }]);
  });

  it("does not pass over a policy that is invalid or cannot be read", () => {
    write("policy.json", "{}");
    expect(() => loadPolicy()).toThrow(/^invalid policy in ".*policy\.json"$/);
    rmSync(join(home, ".config/containers/policy.json"));
    mkdirSync(join(home, ".config/containers/policy.json"));
    expect(() => loadPolicy()).toThrow(/cannot read the signature policy/);
  });
});
