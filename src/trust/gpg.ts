import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DhowError } from "../errors.ts";
import { childEnvironment, getVariable, homeDirectory } from "../system/environment.ts";
import { type BytesResult, runWithBytes } from "../system/process.ts";
import { findClaimFlaw } from "./check-claim.ts";
import { type JudgedImage, refused } from "./judged-image.ts";
import { formatPayload, type SignedClaim } from "./payload.ts";
import type { KeySource, Requirement } from "./policy.ts";

/** Whose key signs, as gpg takes it: an address, a fingerprint. */
export interface GpgSigner {
  readonly kind: "gpg";
  readonly identity: string;
  readonly passphrase: Buffer | undefined;
}

/**
 * Signs the claim that the image under a name is this manifest, with a key of the user's keyring.
 * @returns A signed message, which holds the claim.
 * @throws {DhowError} `unavailable` if gpg is missing; `not-found` or `permission-denied` as it says.
 */
export function signWithGpg(claim: SignedClaim, { identity, passphrase }: GpgSigner): Buffer {
  const payload = formatPayload(claim, new Date(), "atomic container signature");
  return withAgent(() => {
    const secret = passphrase === undefined ? [] : ["--pinentry-mode", "loopback", "--passphrase-fd", "0"];
    // gpg takes the first line for the passphrase then.
    const input = passphrase === undefined ? payload : Buffer.concat([passphrase, Buffer.from("\n"), payload]);
    const flags = ["--batch", "--no-tty", "--yes", ...secret, "--local-user", identity, "--output", "-", "--sign"];
    const { exitCode, stdout, stderr } = runGpg(flags, input);
    if (exitCode === 0 && stdout.length > 0) return stdout;
    throw new DhowError(`cannot sign with the key of ${JSON.stringify(identity)}: ${lastLine(stderr)}`, {
      kind: /no secret key|skipped/i.test(stderr) ? "not-found" : "permission-denied",
    });
  });
}

/**
 * Whether the user's keyring has the key. Called before anything is uploaded.
 * @throws {DhowError} `not-found`; `unavailable` if gpg is missing.
 */
export function requireGpgKey({ identity }: GpgSigner): void {
  withAgent(() => {
    const { exitCode, stderr } = runGpg(["--batch", "--no-tty", "--list-secret-keys", "--", identity], Buffer.alloc(0));
    if (exitCode === 0) return;
    throw new DhowError(`cannot sign with the key of ${JSON.stringify(identity)}: ${lastLine(stderr)}`, {
      kind: "not-found",
    });
  });
}

/** The agent that gpg starts for us would go on for ever, and hold the user's namespaces. */
function withAgent<T>(work: () => T): T {
  hadAgent ??= existsSync(`${getVariable("GNUPGHOME") ?? `${homeDirectory() ?? ""}/.gnupg`}/S.gpg-agent`);
  try {
    return work();
  } finally {
    if (!hadAgent) endAgent();
  }
}

/** Looked for once: the socket of an agent that is ending is still there for a moment. */
let hadAgent: boolean | undefined;

function endAgent(): void {
  try {
    runWithBytes(["gpgconf", "--kill", "gpg-agent"], { env: childEnvironment() });
  } catch {
    // Without gpgconf there is nothing to be done about it.
  }
}

type SignedByRequirement = Extract<Requirement, { readonly type: "signedBy" }>;

/**
 * Looks for a GPG signature that meets a requirement. One is enough. Only the keys of the policy count, whatever is in the user's
 * keyring.
 * @throws {DhowError} `permission-denied` in podman's words if there is none; `unavailable` if gpg is missing; `corrupt` or
 * `not-found` for a key of the policy.
 */
export function requireGpgSignature(
  requirement: SignedByRequirement,
  image: JudgedImage,
  signatures: readonly Uint8Array[],
): void {
  if (signatures.length === 0) throw refused("A signature was required, but no signature exists");
  using keyring = openKeyring(requirement.keys);
  const reasons: string[] = [];
  for (const signature of signatures) {
    const reason = findFlaw(signature, { requirement, image, home: keyring.home });
    if (reason === undefined) return;
    reasons.push(reason);
  }
  if (reasons.length === 1) throw refused(reasons[0] as string);
  throw refused(`None of the signatures were accepted, reasons: ${[...new Set(reasons)].slice(0, 10).join("; ")}`);
}

interface Keyring extends Disposable {
  readonly home: string;
}

function openKeyring({ paths, data }: KeySource): Keyring {
  const home = mkdtempSync(join(tmpdir(), "dhow-gpg-"));
  const dispose = () => rmSync(home, { recursive: true, force: true });
  try {
    const keys = [
      ...paths.map((path) => [path, readKey(path)] as const),
      ...data.map((key, position) => [`number ${position + 1} of keyData`, key] as const),
    ];
    for (const [name, key] of keys) {
      const { exitCode, stderr } = runGpg(["--homedir", home, ...quiet, "--import"], key);
      if (exitCode !== 0) {
        throw new DhowError(`the public key ${name} of the signature policy is no GPG key: ${lastLine(stderr)}`, {
          kind: "corrupt",
        });
      }
    }
    return { home, [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** No agent: there are no secrets here. */
const quiet = ["--batch", "--no-tty", "--no-autostart", "--no-options", "--trust-model", "always"];

function readKey(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new DhowError(`cannot read the public key ${path} that the signature policy names`, {
      kind: "not-found",
      cause,
    });
  }
}

interface Judging {
  readonly requirement: SignedByRequirement;
  readonly image: JudgedImage;
  readonly home: string;
}

/** @returns Why the signature does not count. */
function findFlaw(signature: Uint8Array, { requirement, image, home }: Judging): string | undefined {
  // What it says to people must not be taken for what it says to us.
  const output = ["--logger-file", "/dev/null", "--status-fd", "2", "--output", "-"];
  const flags = ["--homedir", home, ...quiet, ...output, "--decrypt"];
  const { exitCode, stdout, stderr } = runGpg(flags, signature);
  const says = (status: string) => new RegExp(`^\\[GNUPG:\\] ${status}(?: |$)`, "m").test(stderr);
  const isGood = exitCode === 0 && says("GOODSIG") && says("VALIDSIG");
  // One signature over one text: whatever else the message holds would not be covered.
  const isPlain = (stderr.match(/^\[GNUPG:\] NEWSIG/gm) ?? []).length === 1 && !says("DECRYPTION_OKAY");
  if (!isGood || !isPlain) {
    return says("NO_PUBKEY") || says("ERRSIG")
      ? "Signature by a key that the policy does not name is not accepted"
      : "Invalid GPG signature";
  }
  return findClaimFlaw(stdout, { type: "atomic container signature", image, identity: requirement.signedIdentity });
}

function runGpg(flags: readonly string[], input: Uint8Array): BytesResult {
  try {
    return runWithBytes(["gpg", ...flags], { env: { ...childEnvironment(), LC_ALL: "C" }, input });
  } catch (cause) {
    throw new DhowError("cannot work with GPG signatures", {
      kind: "unavailable",
      cause,
      hint: "install gnupg (Debian: gpg)",
    });
  }
}

function lastLine(text: string): string {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("[GNUPG:]"));
  return lines.at(-1) ?? "gpg says nothing";
}
