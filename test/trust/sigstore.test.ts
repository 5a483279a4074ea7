import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DhowError, isKind } from "../../src/errors.ts";
import { parseDigest } from "../../src/oci/digest.ts";
import { parseReference } from "../../src/oci/reference.ts";
import { type Candidate, requireAccepted } from "../../src/trust/judge.ts";
import { readPrivateKey, signBytes } from "../../src/trust/keys.ts";
import { parsePolicy } from "../../src/trust/policy.ts";
import { registryScopes } from "../../src/trust/scopes.ts";
import { makeSignature, type SigstoreSignature, signatureTag } from "../../src/trust/sigstore.ts";
import { encryptKey, makeKeys, pemOf } from "./key-pair.ts";

const keys = makeKeys();
const strangers = makeKeys();
const digest = parseDigest(`sha256:${"1".repeat(64)}`);
const indexDigest = parseDigest(`sha256:${"2".repeat(64)}`);
const name = "r.example/app:1";
const now = new Date("2026-01-02T03:04:05Z");
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dhow-trust-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const base64 = (text: string) => Buffer.from(text).toString("base64");
const sign = (claim: { digest?: typeof digest; reference?: string } = {}, by = keys) =>
  makeSignature({ digest, reference: name, ...claim }, by.privateKey, now);
/** A signature of ours for any bytes. */
const signRaw = (payload: string): SigstoreSignature => ({
  payload: Buffer.from(payload),
  signature: signBytes(Buffer.from(payload), keys.privateKey).toString("base64"),
});

function judge(signatures: SigstoreSignature[], requirement: object = {}, wanted = name): Promise<void> {
  const policy = parsePolicy(
    JSON.stringify({
      default: [{ type: "sigstoreSigned", keyData: base64(keys.publicPem), ...requirement }],
    }),
  );
  const reference = parseReference(wanted);
  const candidate: Candidate = {
    transport: "docker",
    name: `docker://${wanted}`,
    reference,
    scopes: registryScopes(reference),
    digests: [digest, indexDigest],
    signatures: async () => signatures,
    gpgSignatures: async () => [],
  };
  return withCauses(requireAccepted(policy, candidate));
}

/** Puts the causes of a failure into its message, as users see it. */
async function withCauses(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof DhowError)) throw error;
    const { message, kind, cause } = error;
    throw new DhowError(`${message}: ${(cause as Error).message}`, { kind, cause: error });
  }
}

describe("sigstoreSigned", () => {
  it("accepts a signature of the manifest or of its index", async () => {
    await judge([sign()]);
    await judge([sign({ digest: indexDigest })]);
    await judge([sign({}, strangers), sign()]);
    await judge([sign()], { keyData: undefined, keyDatas: [base64(strangers.publicPem), base64(keys.publicPem)] });
    const file = join(folder, "key.pub");
    writeFileSync(file, keys.publicPem);
    await judge([sign()], { keyData: undefined, keyPath: file });
  });

  it.each<[string, () => SigstoreSignature[], RegExp]>([
    ["no signature", () => [], /^Source image rejected: A signature was required, but no signature exists$/],
    ["a stranger's", () => [sign({}, strangers)], /cryptographic signature verification failed/],
    ["one of another digest", () => [sign({ digest: parseDigest(`sha256:${"3".repeat(64)}`) })], /does not match/],
    [
      "one of another tag",
      () => [sign({ reference: "r.example/app:2" })],
      /identity "r.example\/app:2" is not accepted/,
    ],
    ["one of another registry", () => [sign({ reference: "q.example/app:1" })], /is not accepted/],
    ["one without a signature", () => [{ ...sign(), signature: undefined }], /missing dev.cosignproject/],
    ["garbage", () => [{ ...sign(), signature: "%%" }], /not base64/],
    [
      "a changed payload",
      () => [{ ...sign(), payload: Buffer.concat([sign().payload, Buffer.from(" ")]) }],
      /verification failed/,
    ],
    ["a signed non-payload", () => [signRaw("hello")], /payload is not JSON/],
    [
      "another kind of payload",
      () => [signRaw(JSON.stringify({ critical: { type: "x", image: {}, identity: {} }, optional: null }))],
      /its type is "x"/,
    ],
    [
      "a payload that says two things",
      () => [signRaw(sign().payload.toString().replace('"critical"', '"optional":null,"critical"'))],
      /"optional" twice/,
    ],
    ["several that are wrong", () => [sign({}, strangers), sign({ reference: "a/b:1" })], /None of the signatures/],
  ])("refuses %s", async (_, signatures, message) => {
    const failure = await judge(signatures()).catch((error: unknown) => error);
    expect(isKind(failure, "permission-denied")).toBe(true);
    expect((failure as Error).message).toMatch(message);
  });

  it("accepts cosign's own payload, which names a repository, with matchRepository alone", async () => {
    const cosign = signRaw(
      `{"critical":{"identity":{"docker-reference":"r.example/app"},"image":{"docker-manifest-digest":"${digest}"},"type":"cosign container image signature"},"optional":null}`,
    );
    await judge([cosign], { signedIdentity: { type: "matchRepository" } });
    await expect(judge([cosign])).rejects.toThrow(/identity "r.example\/app" is not accepted/);
  });

  it("refuses what it cannot check, and keys that cannot be read", async () => {
    const fulcio = { keyData: undefined, fulcio: {}, rekorPublicKeyPath: "/x" };
    await expect(judge([sign()], fulcio)).rejects.toThrow(/a check that dhow cannot make: sigstoreSigned with fulcio/);
    await expect(judge([sign()], { rekorPublicKeyData: base64("x") })).rejects.toThrow(/with rekor/);
    await expect(judge([sign()], { keyData: base64("no key") })).rejects.toThrow(/cannot read the public key number 1/);
    await expect(judge([sign()], { keyData: base64(keys.privatePem) })).rejects.toThrow(/cannot read the public key/);
    await expect(judge([sign()], { keyData: undefined, keyPath: `${folder}/none` })).rejects.toThrow(/\/none/);
  });

  it("stands beside reject", async () => {
    const candidate = (policy: object) =>
      withCauses(
        requireAccepted(parsePolicy(JSON.stringify({ default: policy })), {
          transport: "docker",
          name: `docker://${name}`,
          reference: parseReference(name),
          scopes: [name],
          digests: [digest],
          signatures: () => Promise.reject(new Error("nobody needs to look")),
          gpgSignatures: () => Promise.reject(new Error("nobody needs to look")),
        }),
      );
    await candidate([{ type: "insecureAcceptAnything" }]);
    await expect(candidate([{ type: "insecureAcceptAnything" }, { type: "reject" }])).rejects.toThrow(
      `Source image rejected: Running image docker://${name} is rejected by policy.`,
    );
  });
});

describe("makeSignature()", () => {
  it("makes what openssl verifies over the payload", () => {
    const { payload, signature } = sign();
    writeFileSync(join(folder, "payload"), payload);
    writeFileSync(join(folder, "signature"), Buffer.from(signature ?? "", "base64"));
    writeFileSync(join(folder, "public.pem"), keys.publicPem);
    const verify = ["dgst", "-sha256", "-verify", "public.pem", "-signature", "signature", "payload"];
    expect(execFileSync("openssl", verify, { cwd: folder, encoding: "utf8" })).toBe("Verified OK\n");
    expect(JSON.parse(payload.toString())).toEqual({
      critical: {
        identity: { "docker-reference": name },
        image: { "docker-manifest-digest": digest },
        type: "cosign container image signature",
      },
      optional: { creator: "dhow", timestamp: 1767323045 },
    });
    expect(signatureTag(digest)).toBe(`sha256-${"1".repeat(64)}.sig`);
  });

  it("is accepted when openssl has made the signature", async () => {
    const { payload } = sign();
    writeFileSync(join(folder, "payload"), payload);
    writeFileSync(join(folder, "private.pem"), keys.privatePem);
    const signature = execFileSync("openssl", ["dgst", "-sha256", "-sign", "private.pem", "payload"], { cwd: folder });
    await judge([{ payload, signature: signature.toString("base64") }]);
  });
});

describe("readPrivateKey()", () => {
  it.each(["COSIGN", "SIGSTORE"])("decrypts keys of the label %s", async (label) => {
    const key = await readPrivateKey(encryptKey(keys, "open sesame", label), Buffer.from("open sesame"), "k");
    await judge([makeSignature({ digest, reference: name }, key, now)]);
  });

  it("reads PEM of openssl, encrypted or not", async () => {
    expect((await readPrivateKey(keys.privatePem, undefined, "k")).asymmetricKeyType).toBe("ec");
    const encrypted = keys.privateKey
      .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "pw" })
      .toString();
    await readPrivateKey(encrypted, Buffer.from("pw"), "k");
    await expect(readPrivateKey(encrypted, undefined, "k")).rejects.toThrow(/is encrypted/);
    await expect(readPrivateKey(encrypted, Buffer.from("no"), "k")).rejects.toThrow(/passphrase is wrong/);
  });

  it("says what is wrong", async () => {
    const pass = Buffer.from("pw");
    await expect(readPrivateKey(encryptKey(keys, "other"), pass, "/my/key")).rejects.toThrow(
      "cannot decrypt the private key /my/key: the passphrase is wrong",
    );
    await expect(readPrivateKey(encryptKey(keys, "pw"), undefined, "k")).rejects.toThrow(/is encrypted/);
    await expect(readPrivateKey("hello", pass, "k")).rejects.toThrow(/no PEM key/);
    await expect(readPrivateKey(pemOf("COSIGN", "{"), pass, "k")).rejects.toThrow(/damaged/);
    const costly = {
      kdf: { name: "scrypt", params: { N: 2 ** 30, r: 8, p: 1 }, salt: "" },
      cipher: { name: "nacl/secretbox", nonce: "" },
      ciphertext: "",
    };
    await expect(readPrivateKey(pemOf("COSIGN", JSON.stringify(costly)), pass, "k")).rejects.toThrow(/too large/);
    const odd = { ...costly, kdf: { ...costly.kdf, params: { N: 3, r: 8, p: 1 } } };
    await expect(readPrivateKey(pemOf("COSIGN", JSON.stringify(odd)), pass, "k")).rejects.toThrow(/cannot read/);
  });
});
