import { execFileSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { parseDigest } from "../../src/oci/digest.ts";
import { makeSignature, type SigstoreSignature, signatureTag, sigstoreNames } from "../../src/trust/sigstore.ts";
import { encryptKey, makeKeys } from "../trust/key-pair.ts";
import { canBe, type TestUser, testUser } from "./harness.ts";
import { digestOf, pushBlob, pushImage, pushManifest } from "./registry.ts";

const { registry } = inject("installation");
const keys = makeKeys();
const strangers = makeKeys();

describe.skipIf(!canBe("range"))("the signature policy", () => {
  let user: TestUser;
  const write = (path: string, content: unknown) => {
    const full = join(user.home, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, typeof content === "string" ? content : JSON.stringify(content));
    for (let each = full; each !== user.home; each = dirname(each)) chownSync(each, user.uid, user.uid);
    return full;
  };
  const pull = (name: string) => user.dhow(["pull", "-q", "--tls-verify=false", name]);
  const policy = (docker: object, rest: object = [{ type: "reject" }]) =>
    write(".config/containers/policy.json", { default: rest, transports: { docker } });

  beforeAll(() => {
    user = testUser("range");
    write(".config/containers/registries.d/test.yaml", `docker:\n  ${registry}:\n    use-sigstore-attachments: true\n`);
  });
  afterAll(() => user?.dispose());

  /** Puts an image into the registry, and signatures beside it as cosign does. */
  async function publish(repository: string, sign: (digest: string) => SigstoreSignature[]): Promise<string> {
    const target = { host: registry, repository, tag: "1" };
    const { manifestDigest } = await pushImage(target, { layers: [Buffer.alloc(1024)], config: { Cmd: [repository] } });
    const signatures = sign(manifestDigest);
    if (signatures.length === 0) return manifestDigest;
    const config = Buffer.from('{"architecture":"","os":"","config":{},"rootfs":{"type":"layers","diff_ids":[]}}');
    for (const bytes of [config, ...signatures.map(({ payload }) => payload)]) await pushBlob(target, bytes);
    const describeBlob = (mediaType: string, bytes: Uint8Array) => ({
      mediaType,
      digest: digestOf(bytes),
      size: bytes.length,
    });
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const manifest = {
      schemaVersion: 2,
      mediaType,
      config: describeBlob("application/vnd.oci.image.config.v1+json", config),
      layers: signatures.map(({ payload, signature }) => ({
        ...describeBlob(sigstoreNames.payloadType, payload),
        annotations: { [sigstoreNames.signatureAnnotation]: signature },
      })),
    };
    await pushManifest(target, {
      reference: signatureTag(parseDigest(manifestDigest)),
      mediaType,
      bytes: Buffer.from(JSON.stringify(manifest)),
    });
    return manifestDigest;
  }
  const signed = (repository: string, by = keys, tag = "1") =>
    publish(repository, (digest) => [
      makeSignature(
        { digest: parseDigest(digest), reference: `${registry}/${repository}:${tag}` },
        by.privateKey,
        new Date(),
      ),
    ]);

  it("rejects what it does not allow, before anything is stored", async () => {
    await publish("trust/plain", () => []);
    policy({ [`${registry}/trust/other`]: [{ type: "insecureAcceptAnything" }] });
    for (const command of [
      ["pull", "-q"],
      ["run", "--rm"],
    ]) {
      const refused = await user.dhow([...command, "--tls-verify=false", `${registry}/trust/plain:1`]);
      expect(refused.exitCode).toBe(125);
      expect(refused.stderr).toContain(
        `Error: unable to copy from source docker://${registry}/trust/plain:1: Source image rejected: Running image docker://${registry}/trust/plain:1 is rejected by policy.`,
      );
    }
    expect(await user.succeed(["images", "-a", "-q"])).toBe("");
    expect(existsSync(join(user.home, ".local/share/dhow/blobs/sha256"))).toBe(false);
    policy({ [registry]: [{ type: "insecureAcceptAnything" }] });
    expect((await pull(`${registry}/trust/plain:1`)).exitCode).toBe(0);
  });

  it("accepts signatures of the right key for the right name", async () => {
    const keyPath = write("release.pub", keys.publicPem);
    policy({ [`${registry}/trust`]: [{ type: "sigstoreSigned", keyPath }] });
    const digest = await signed("trust/good");
    expect((await pull(`${registry}/trust/good:1`)).exitCode).toBe(0);
    expect((await pull(`${registry}/trust/good@${digest}`)).exitCode).toBe(0);
    await signed("trust/stranger", strangers);
    expect((await pull(`${registry}/trust/stranger:1`)).stderr).toContain(
      "Source image rejected: cryptographic signature verification failed",
    );
    await signed("trust/renamed", keys, "2");
    expect((await pull(`${registry}/trust/renamed:1`)).stderr).toContain(
      `Source image rejected: Signature for identity "${registry}/trust/renamed:2" is not accepted`,
    );
    await publish("trust/unsigned", () => []);
    expect((await pull(`${registry}/trust/unsigned:1`)).stderr).toContain(
      "Source image rejected: A signature was required, but no signature exists",
    );
    write(".config/containers/registries.d/test.yaml", "docker: {}\n");
    expect((await pull(`${registry}/trust/good:1`)).stderr).toContain("use-sigstore-attachments: true");
    write(".config/containers/registries.d/test.yaml", "default-docker:\n  use-sigstore-attachments: true\n");
  });

  it("refuses everything when it is invalid", async () => {
    write(".config/containers/policy.json", { default: [{ type: "sigstoreSigned" }] });
    expect((await pull(`${registry}/trust/good:1`)).stderr).toMatch(
      /Error: invalid policy in ".*policy.json": exactly one/,
    );
  });

  it("is shown and changed by image trust", async () => {
    const key = write("release.pub", keys.publicPem);
    policy({ [`${registry}/a`]: [{ type: "insecureAcceptAnything" }] });
    await user.succeed(["image", "trust", "set", "-t", "sigstoreSigned", "-f", key, `${registry}/b`]);
    expect(await user.succeed(["image", "trust", "show"])).toMatch(
      /^TRANSPORT +NAME +TYPE +ID +STORE\nall +default +reject.*\nrepository +\S+\/a +accept.*\nrepository +\S+\/b +sigstoreSigned +N\/A/,
    );
    expect(JSON.parse(await user.succeed(["image", "trust", "show", "--json", `${registry}/b`]))).toEqual([
      {
        transport: "repository",
        name: `${registry}/b`,
        repo_name: `${registry}/b`,
        type: "sigstoreSigned",
        gpg_id: "N/A",
      },
    ]);
    expect(await user.succeed(["image", "trust", "show", "--raw"])).toBe(
      readFileSync(join(user.home, ".config/containers/policy.json"), "utf8").trimEnd(),
    );
    const other = join(user.home, "other.json");
    await user.succeed(["image", "trust", "set", "--policypath", other, "-t", "accept", "default"]);
    expect(await user.succeed(["image", "trust", "show", "--noheading", "--policypath", other])).toMatch(
      /^all +default +accept/,
    );
    expect((await user.dhow(["image", "trust", "set", "-t", "sigstoreSigned", "default"])).stderr).toContain(
      "at least one public key must be defined for type 'sigstoreSigned'",
    );
  });

  it("accepts what push and image sign have signed, with keys of all kinds", async () => {
    const keyPath = write("release.pub", keys.publicPem);
    policy({ [`${registry}/trust`]: [{ type: "sigstoreSigned", keyPath }] }, [{ type: "insecureAcceptAnything" }]);
    const encrypted = write("cosign.key", encryptKey(keys, "open sesame"));
    const plain = write("plain.key", keys.privatePem);
    const passphrase = write("passphrase", "open sesame\n");
    await user.succeed(["run", "--rm", "--network", "none", "localhost/dhow-busybox", "true"]);
    const name = `${registry}/trust/pushed:1`;
    const push = (...flags: string[]) =>
      user.dhow(["push", "-q", "--tls-verify=false", ...flags, "localhost/dhow-busybox", name]);
    const key = ["--sign-by-sigstore-private-key", encrypted];
    expect((await push(...key)).stderr).toContain(`the private key ${encrypted} is encrypted`);
    expect(await push(...key, "--sign-passphrase-file", passphrase)).toMatchObject({ exitCode: 0 });
    expect((await pull(name)).exitCode).toBe(0);
    expect((await push("--sign-by", "me@example.com")).stderr).toContain(
      'cannot sign with the key of "me@example.com"',
    );

    const digest = await publish("trust/later", () => []);
    expect((await pull(`${registry}/trust/later:1`)).exitCode).toBe(125);
    const sign = ["image", "sign", "--tls-verify=false", "--sign-by-sigstore-private-key", plain];
    expect(await user.succeed([...sign, `${registry}/trust/later:1`])).toBe(digest);
    await user.succeed([...sign, `${registry}/trust/later:1`]);
    expect((await pull(`${registry}/trust/later:1`)).exitCode).toBe(0);
  });

  it("is satisfied by GPG signatures, which push and image sign make", async () => {
    const gpg = async (...args: string[]) => {
      const flags = ["--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""];
      const result = await user.program(["gpg", ...flags, ...args]);
      if (result.exitCode !== 0) throw new Error(result.stderr);
    };
    await gpg("--quick-generate-key", "me@example.com", "ed25519", "sign", "never");
    await gpg("--output", "me.gpg", "--export", "me@example.com");
    await user.program(["gpgconf", "--kill", "gpg-agent"]);
    const lookaside = join(user.home, "lookaside");
    const section = `    use-sigstore-attachments: true\n    lookaside: file://${lookaside}\n`;
    write(".config/containers/registries.d/test.yaml", `docker:\n  ${registry}:\n${section}`);
    const requirement = { type: "signedBy", keyType: "GPGKeys", keyPath: join(user.home, "me.gpg") };
    policy({ [registry]: [requirement] }, [{ type: "insecureAcceptAnything" }]);
    const name = `${registry}/trust/gpg:1`;
    const push = ["push", "-q", "--tls-verify=false"];
    await user.succeed([...push, "localhost/dhow-busybox", name]);
    expect((await pull(name)).stderr).toContain("A signature was required, but no signature exists");
    await user.succeed(["image", "sign", "--tls-verify=false", "--sign-by", "me@example.com", name]);
    expect(await pull(name)).toMatchObject({ exitCode: 0 });
    const other = `${registry}/trust/gpg-pushed:1`;
    await user.succeed([...push, "--sign-by", "me@example.com", "localhost/dhow-busybox", other]);
    expect(await pull(other)).toMatchObject({ exitCode: 0 });
    const digest = await user.succeed(["image", "inspect", "--format", "{{.Digest}}", other]);
    const stored = ["--directory", join(user.home, "signatures"), `containers-storage:${other}`];
    await user.succeed(["image", "sign", "--sign-by", "me@example.com", ...stored]);
    const place = `signatures/trust/gpg-pushed@${digest.replace(":", "=")}/signature-1`;
    expect((await user.program(["gpg", "--verify", place])).stderr).toContain("Good signature");
    await user.expectNothingLeft();
  });

  it("is satisfied by a signature over which openssl agrees", async () => {
    const digest = await signed("trust/openssl");
    const base = `http://${registry}/v2/trust/openssl`;
    const accept = "application/vnd.oci.image.manifest.v1+json";
    const answer = await fetch(`${base}/manifests/${signatureTag(parseDigest(digest))}`, { headers: { accept } });
    const { layers } = (await answer.json()) as { layers: { digest: string; annotations: Record<string, string> }[] };
    const payload = await (await fetch(`${base}/blobs/${layers[0]?.digest}`)).arrayBuffer();
    write("payload", Buffer.from(payload).toString());
    const signature = Buffer.from(layers[0]?.annotations[sigstoreNames.signatureAnnotation] ?? "", "base64");
    writeFileSync(join(user.home, "signature"), signature);
    const verify = ["dgst", "-sha256", "-verify", "release.pub", "-signature", "signature", "payload"];
    expect(execFileSync("openssl", verify, { cwd: user.home, encoding: "utf8" })).toBe("Verified OK\n");
  });
});
