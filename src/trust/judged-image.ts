import { DhowError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import type { Reference } from "../oci/reference.ts";

/** What signatures have to speak of. */
export interface JudgedImage {
  /** What the user asked for; undefined for images without such a name. */
  readonly reference: Reference | undefined;
  /** The manifest's digest, and that of the index which names it: a signature may speak of either. */
  readonly digests: readonly Digest[];
}

/** An image that the policy does not let in. */
export function refused(reason: string): DhowError {
  return new DhowError(reason, { kind: "permission-denied" });
}
