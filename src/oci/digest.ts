import { DhowError } from "../errors.ts";

declare const digestBrand: unique symbol;

/** A content digest as in the OCI image spec: `sha256:` and 64 lower-case hex digits. Made only by {@link parseDigest}. */
export type Digest = string & { readonly [digestBrand]: true };

const grammar = /^sha256:[0-9a-f]{64}$/;

/**
 * Checks and brands a digest. Only sha256 is supported, as in every registry in use.
 * @throws {DhowError} `invalid-argument` if the text is not a sha256 digest.
 */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) {
    throw new DhowError(`invalid digest ${JSON.stringify(text.slice(0, 100))}`, {
      kind: "invalid-argument",
      hint: "a digest is 'sha256:' followed by 64 hex digits",
    });
  }
  return text;
}

export function isDigest(text: string): text is Digest {
  return grammar.test(text);
}

/** The 64 hex digits of a digest. */
export function digestHex(digest: Digest): string {
  return digest.slice("sha256:".length);
}
