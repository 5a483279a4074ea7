import type { Digest } from "../oci/digest.ts";

/** Content-addressed files: `blobs/sha256/HEX`. Whatever has its final name was verified and is complete. */
export interface BlobStore {
  /** The absolute path that the blob has or would have. */
  path(digest: Digest): string;
  /** The size in bytes, or undefined if it is not stored. */
  findSize(digest: Digest): number | undefined;
  /** @throws {DhowError} `not-found`. Verified against its digest: `corrupt`. For manifests and configs, not for layers. */
  read(digest: Digest): Buffer;
  /** Stores small content; idempotent. */
  put(content: Uint8Array): Digest;
  /**
   * The private file that collects a blob while it is downloaded, in the same file system as its final place; it survives
   * for resuming as long as the same process lives and is collected as garbage after that.
   */
  partialPath(digest: Digest): string;
  /** Moves a file whose digest the caller has just computed to its final place, durably. Idempotent. */
  adopt(partialPath: string, digest: Digest): void;
  remove(digest: Digest): void;
  list(): Digest[];
}
