import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Digest, parseDigest } from "../../src/oci/digest.ts";
import { parseReference } from "../../src/oci/reference.ts";
import { setVariable } from "../../src/system/environment.ts";
import { requireGpgKey, signWithGpg } from "../../src/trust/gpg.ts";
import { requireAccepted } from "../../src/trust/judge.ts";
import { addSignatureFile, lookasideFolder, lookasideUrl, signatureName } from "../../src/trust/lookaside.ts";
import { parsePolicy } from "../../src/trust/policy.ts";
import { registryScopes } from "../../src/trust/scopes.ts";

const hasGpg = (() => {
  try {
    execFileSync("gpg", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();
const digest = parseDigest(`sha256:${"a".repeat(64)}`);
const name = "r.example/team/app:1";
const claim = { digest, reference: name };

let folder: string;
/** Exported public keys by address. */
const publicKeys = new Map<string, Buffer>();

const gpg = (...args: string[]) =>
  execFileSync("gpg", ["--homedir", `${folder}/home`, "--batch", "--quiet", ...args], {
    stdio: ["ignore", "pipe", "ignore"],
  });

describe.skipIf(!hasGpg)("GPG signatures", () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "gpg-"));
    execFileSync("mkdir", ["-m", "700", `${folder}/home`]);
    setVariable("GNUPGHOME", `${folder}/home`);
    for (const [who, passphrase] of [
      ["ann@example.com", ""],
      ["bob@example.com", ""],
      ["eve@example.com", "open sesame"],
    ] as const) {
      const secret = ["--pinentry-mode", "loopback", "--passphrase", passphrase];
      gpg(...secret, "--quick-generate-key", who, "ed25519", "sign", "never");
      publicKeys.set(who, gpg("--export", who));
    }
    // What a test has unlocked stays so in the agent.
    execFileSync("gpgconf", ["--homedir", `${folder}/home`, "--kill", "gpg-agent"]);
    // Making keys takes its time on a busy machine.
  }, 120_000);
  afterAll(() => {
    execFileSync("gpgconf", ["--homedir", `${folder}/home`, "--kill", "gpg-agent"]);
    setVariable("GNUPGHOME", "");
    rmSync(folder, { recursive: true, force: true });
  });

  const sign = (who = "ann@example.com", what: { digest: Digest; reference: string } = claim) =>
    signWithGpg(what, { kind: "gpg", identity: who, passphrase: undefined });

  interface Judged {
    readonly keys?: string[];
    readonly wanted?: string;
    readonly keyPaths?: undefined;
    readonly keyData?: string;
  }

  async function judge(
    signatures: Uint8Array[],
    { keys = ["ann@example.com"], wanted = name, ...requirement }: Judged = {},
  ): Promise<string> {
    const keyPaths = keys.map((who) => `${folder}/${who}.gpg`);
    for (const who of keys) writeFileSync(`${folder}/${who}.gpg`, publicKeys.get(who) ?? "no key");
    const policy = { default: [{ type: "signedBy", keyType: "GPGKeys", keyPaths, ...requirement }] };
    const reference = parseReference(wanted);
    try {
      await requireAccepted(parsePolicy(JSON.stringify(policy)), {
        ...{ transport: "docker", name: `docker://${wanted}`, scopes: registryScopes(reference) },
        ...{ reference, digests: [digest] },
        signatures: async () => [],
        gpgSignatures: async () => signatures,
      });
      return "accepted";
    } catch (error) {
      return ((error as Error).cause as Error | undefined)?.message ?? String(error);
    }
  }

  it("let an image in if a key of the policy has made one of them", async () => {
    expect(await judge([sign()])).toBe("accepted");
    expect(await judge([sign("bob@example.com"), sign()])).toBe("accepted");
    expect(await judge([sign("bob@example.com")], { keys: ["ann@example.com", "bob@example.com"] })).toBe("accepted");
    const armored = execFileSync("gpg", ["--armor", "--export", "ann@example.com"], {
      env: { ...process.env, GNUPGHOME: `${folder}/home` },
    });
    expect(await judge([sign()], { keyPaths: undefined, keyData: armored.toString("base64") })).toBe("accepted");
  });

  it("count only for this image, from these keys", async () => {
    expect(await judge([])).toBe("A signature was required, but no signature exists");
    expect(await judge([sign("bob@example.com")])).toMatch(/^Signature by a key that the policy does not name/);
    expect(await judge([Buffer.from("nonsense")])).toBe("Invalid GPG signature");
    const forged = Buffer.from(sign());
    forged[forged.length - 5] = (forged[forged.length - 5] as number) ^ 1;
    expect(await judge([forged])).toMatch(/Invalid GPG signature|does not name/);
    const other = parseDigest(`sha256:${"b".repeat(64)}`);
    expect(await judge([sign(undefined, { ...claim, digest: other })])).toContain("does not match");
    expect(await judge([sign()], { wanted: "r.example/team/other:1" })).toContain("is not accepted");
    expect(await judge([sign(), forged], { wanted: "r.example/x:1" })).toMatch(/^None of the signatures were accepted/);
    expect(await judge([sign()], { keys: ["nobody"] })).toMatch(/is no GPG key/);
  });

  it("are not made of other signed messages", async () => {
    writeFileSync(`${folder}/letter`, "hello");
    const letter = gpg("--local-user", "ann@example.com", "--output", "-", "--sign", `${folder}/letter`);
    expect(await judge([letter])).toMatch(/payload/);
    const plain = gpg("--output", "-", "--store", `${folder}/letter`);
    expect(await judge([plain])).toBe("Invalid GPG signature");
  });

  it("need the passphrase of the key", async () => {
    const eve = (passphrase: string) =>
      signWithGpg(claim, { kind: "gpg", identity: "eve@example.com", passphrase: Buffer.from(passphrase) });
    expect(() => eve("wrong")).toThrow(/cannot sign with the key of "eve@example.com"/);
    expect(await judge([eve("open sesame")], { keys: ["eve@example.com"] })).toBe("accepted");
    expect(() => sign("nobody@example.com")).toThrow(expect.objectContaining({ kind: "not-found" }));
    const signer = (identity: string) => ({ kind: "gpg", identity, passphrase: undefined }) as const;
    requireGpgKey(signer("eve@example.com"));
    expect(() => requireGpgKey(signer("nobody@example.com"))).toThrow(expect.objectContaining({ kind: "not-found" }));
  });

  it("lie in a lookaside, numbered", () => {
    const reference = parseReference(name);
    const store = { lookaside: `file://${folder}/look`, lookasideStaging: undefined, useSigstoreAttachments: false };
    const place = lookasideFolder(lookasideUrl(store, "write"));
    addSignatureFile(place, reference, digest, Buffer.from("one"));
    addSignatureFile(place, reference, digest, Buffer.from("two"));
    expect(readFileSync(`${place}/team/app@sha256=${"a".repeat(64)}/signature-2`, "utf8")).toBe("two");
    expect(signatureName(reference, digest, 1)).toBe(`team/app@sha256=${"a".repeat(64)}/signature-1`);
    const web = { ...store, lookaside: "https://s.example/x", lookasideStaging: undefined };
    expect(() => lookasideFolder(lookasideUrl(web, "write"))).toThrow(/it is no folder/);
    expect(lookasideUrl({ ...web, lookasideStaging: "file:///tmp/y" }, "write").pathname).toBe("/tmp/y");
  });
});
