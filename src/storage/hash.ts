import { type Digest, parseDigest } from "../oci/digest.ts";

/** The sha256 digest of some content that is in memory. Loads node:crypto (4 ms) on first use. */
export function sha256(content: string | Uint8Array): Digest {
  const { createHash } = process.getBuiltinModule("node:crypto");
  return parseDigest(`sha256:${createHash("sha256").update(content).digest("hex")}`);
}

/** Random lower-case hex digits, from the kernel's generator and without loading node:crypto. */
export function randomHex(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
}
