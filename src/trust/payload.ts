import { DhowError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { isDigest } from "../oci/digest.ts";
import { isObject, parseStrictJson, requireFields } from "./strict-json.ts";

/** What a signature says: that the image under this name is this manifest. */
export interface SignedClaim {
  readonly digest: Digest;
  /** As it was written; cosign leaves out the tag. */
  readonly reference: string;
}

/** The two kinds of simple signing: cosign's, and that of GPG. */
export type PayloadType = "cosign container image signature" | "atomic container signature";

/**
 * The bytes to be signed.
 * @param createdAt Seconds of the epoch are recorded.
 * @see https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
 * @see https://github.com/containers/image/blob/main/docs/containers-signature.5.md
 */
export function formatPayload({ digest, reference }: SignedClaim, createdAt: Date, type: PayloadType): Buffer {
  const critical = {
    identity: { "docker-reference": reference },
    image: { "docker-manifest-digest": digest },
    type,
  };
  const optional = { creator: "dhow", timestamp: Math.floor(createdAt.getTime() / 1000) };
  return Buffer.from(JSON.stringify({ critical, optional }));
}

/**
 * Reads what was signed, strictly. Call it only for bytes whose signature is good.
 * @throws {DhowError} `corrupt`.
 */
export function parsePayload(bytes: Uint8Array, type: PayloadType): SignedClaim {
  const what = "the signature's payload";
  const text = new TextDecoder("utf-8", { fatal: false }).decode(bytes);
  const payload = requireFields(parseStrictJson(text, what), what, { critical: true, optional: true });
  if (payload.optional !== null && !isObject(payload.optional)) throw invalid("optional is not an object");
  const critical = requireFields(payload.critical, "critical", { type: true, image: true, identity: true });
  if (critical.type !== type) throw invalid(`its type is ${JSON.stringify(critical.type)}`);
  const digest = requireFields(critical.image, "image", { "docker-manifest-digest": true })["docker-manifest-digest"];
  const reference = requireFields(critical.identity, "identity", { "docker-reference": true })["docker-reference"];
  if (typeof digest !== "string" || !isDigest(digest)) throw invalid("its digest is not valid");
  if (typeof reference !== "string") throw invalid("its reference is not text");
  return { digest, reference };
}

function invalid(reason: string): DhowError {
  return new DhowError(`invalid payload of a signature: ${reason}`, { kind: "corrupt" });
}
