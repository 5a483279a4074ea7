import { DhowError } from "../errors.ts";
import type { JudgedImage } from "./judged-image.ts";
import { type PayloadType, parsePayload, type SignedClaim } from "./payload.ts";
import { matchesIdentity, type SignedIdentity } from "./signed-identity.ts";

export interface ClaimCheck {
  readonly type: PayloadType;
  readonly image: JudgedImage;
  readonly identity: SignedIdentity;
}

/**
 * Whether what was signed speaks of the image. Call it only for bytes whose signature is good.
 * @returns Why it does not.
 */
export function findClaimFlaw(payload: Uint8Array, { type, image, identity }: ClaimCheck): string | undefined {
  let claim: SignedClaim;
  try {
    claim = parsePayload(payload, type);
  } catch (error) {
    if (error instanceof DhowError) return error.message;
    throw error;
  }
  if (!image.digests.includes(claim.digest)) return `Signature for digest ${claim.digest} does not match`;
  if (!matchesIdentity(identity, image.reference, claim.reference)) {
    return `Signature for identity ${JSON.stringify(claim.reference)} is not accepted`;
  }
  return undefined;
}
