import type { Digest } from "../oci/digest.ts";

/** What happens while an image is copied from one place to another, for whoever shows it. */
export type CopyEvent =
  | { readonly type: "layers"; readonly layers: readonly CopiedLayer[] }
  | { readonly type: "progress"; readonly digest: Digest; readonly copiedBytes: number }
  /** The layer is where it should be. */
  | { readonly type: "layer"; readonly digest: Digest }
  | { readonly type: "config"; readonly digest: Digest }
  | { readonly type: "manifest" };

export interface CopiedLayer {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Nothing has to be copied. */
  readonly isPresent: boolean;
}
