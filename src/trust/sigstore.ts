import type { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { DhowError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { findClaimFlaw } from "./check-claim.ts";
import { type JudgedImage, refused } from "./judged-image.ts";
import { isSignedByOne, parsePublicKey, signBytes } from "./keys.ts";
import { formatPayload, type SignedClaim } from "./payload.ts";
import type { KeySource, SigstoreRequirement } from "./policy.ts";

/** A signature as it lies in a registry: nothing of it has been believed yet. */
export interface SigstoreSignature {
  readonly payload: Uint8Array;
  /** Base64. Undefined if the annotation is missing. */
  readonly signature: string | undefined;
}

/** What cosign calls the parts of a signature. */
export const sigstoreNames = {
  payloadType: "application/vnd.dev.cosign.simplesigning.v1+json",
  signatureAnnotation: "dev.cosignproject.cosign/signature",
} as const;

/** The tag beside an image that its signatures lie under. */
export function signatureTag(digest: Digest): string {
  return `${digest.replace(":", "-")}.sig`;
}

/** Signs the claim that the image under a name is this manifest. */
export function makeSignature(claim: SignedClaim, key: KeyObject, now: Date): SigstoreSignature {
  const payload = formatPayload(claim, now, "cosign container image signature");
  return { payload, signature: signBytes(payload, key).toString("base64") };
}

/**
 * Looks for a signature that meets a requirement. One is enough.
 * @throws {DhowError} `permission-denied` in podman's words if there is none, `corrupt` or `not-found` for a key of the policy.
 */
export function requireSigstoreSignature(
  requirement: SigstoreRequirement,
  image: JudgedImage,
  signatures: readonly SigstoreSignature[],
): void {
  if (requirement.unsupported !== undefined) throw unsupported(requirement.unsupported);
  const keys = loadPublicKeys(requirement.keys);
  if (signatures.length === 0) throw refused("A signature was required, but no signature exists");
  const reasons: string[] = [];
  for (const signature of signatures) {
    const reason = findFlaw(signature, { requirement, image, keys });
    if (reason === undefined) return;
    reasons.push(reason);
  }
  if (reasons.length === 1) throw refused(reasons[0] as string);
  throw refused(`None of the signatures were accepted, reasons: ${[...new Set(reasons)].slice(0, 10).join("; ")}`);
}

interface Judging {
  readonly requirement: SigstoreRequirement;
  readonly image: JudgedImage;
  readonly keys: readonly KeyObject[];
}

/** @returns Why the signature does not count. */
function findFlaw(
  { payload, signature }: SigstoreSignature,
  { requirement, image, keys }: Judging,
): string | undefined {
  if (signature === undefined) return `missing ${sigstoreNames.signatureAnnotation} annotation`;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(signature)) return "invalid signature: it is not base64";
  if (!isSignedByOne(payload, Buffer.from(signature, "base64"), keys)) {
    return "cryptographic signature verification failed";
  }
  return findClaimFlaw(payload, {
    type: "cosign container image signature",
    image,
    identity: requirement.signedIdentity,
  });
}

/** All of them must be readable, so that a mistake shows before the day on which the key is needed. */
function loadPublicKeys({ paths, data }: KeySource): KeyObject[] {
  return [
    ...paths.map((path) => parsePublicKey(readKeyFile(path), path)),
    ...data.map((pem, position) => parsePublicKey(pem, `number ${position + 1} of keyData`)),
  ];
}

function readKeyFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new DhowError(`cannot read the public key ${path} that the signature policy names`, {
      kind: "not-found",
      cause,
    });
  }
}

function unsupported(what: "fulcio" | "pki" | "rekor"): DhowError {
  return new DhowError(`the signature policy asks for a check that dhow cannot make: sigstoreSigned with ${what}`, {
    kind: "unsupported",
    hint: "dhow checks sigstore signatures against public keys: keyPath, keyPaths, keyData or keyDatas alone",
  });
}
