import type { Digest } from "../oci/digest.ts";
import type { Descriptor, Manifest } from "../oci/image.ts";
import type { BlobTarget } from "../registry/client.ts";

/**
 * An image in some place: a registry, an archive, a folder, the store. The manifest is here, checked to be that of a container
 * image; the rest is fetched when it is asked for. Every place an image can be copied to takes one of these, so that no
 * pair of places needs code of its own.
 */
export interface SourceImage {
  readonly manifest: Manifest;
  /** The manifest as it came: the digest is of these bytes, never of what would be written anew. */
  readonly manifestBytes: Uint8Array;
  readonly manifestDigest: Digest;
  /** The index that named the manifest. */
  readonly index: { readonly bytes: Uint8Array; readonly digest: Digest } | undefined;
  /**
   * Fills a file with the config or a layer. Success means that it has the descriptor's digest and size.
   * @throws {DhowError} `corrupt` if it has not; `not-found`, `unavailable`.
   */
  fetchBlob(descriptor: Descriptor, target: BlobTarget): Promise<void>;
  /** The file of a config or layer, if it lies on this machine, verified, and stays as it is while this process lives. */
  findBlobFile(descriptor: Descriptor): string | undefined;
}
