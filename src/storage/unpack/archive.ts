import { createHash } from "node:crypto";
import { type Digest, parseDigest } from "../../oci/digest.ts";
import { decompress } from "./decompress.ts";
import { type LayerSource, readSource } from "./growing-file.ts";

/** A layer's blob that is to be read. Plain data, so that it can be sent to a worker. */
export interface ArchiveJob {
  readonly source: LayerSource;
  readonly hashesBlob: boolean;
}

export interface ArchiveDigests {
  /** Of the blob as it is stored, if that was asked for. */
  readonly blob: Digest | undefined;
  /** Of the uncompressed archive: the diff id. */
  readonly archive: Digest;
}

/**
 * Hands over the uncompressed archive of a layer chunk by chunk.
 * @param take A chunk may be used until the promise is fulfilled.
 * @param onProgress Called with the number of bytes of the blob that were read so far.
 * @throws {DhowError} as `decompress` and `readSource`, and what `take` throws.
 */
export async function readArchive(
  { source, hashesBlob }: ArchiveJob,
  take: (chunk: Buffer) => Promise<void> | void,
  onProgress: (bytes: number) => void,
): Promise<ArchiveDigests> {
  const blobHash = hashesBlob ? createHash("sha256") : undefined;
  const archiveHash = createHash("sha256");
  const blob = observe(readSource(source), (chunk, total) => {
    blobHash?.update(chunk);
    onProgress(total);
  });
  for await (const chunk of decompress(blob)) {
    archiveHash.update(chunk);
    await take(chunk);
  }
  return {
    blob: blobHash && parseDigest(`sha256:${blobHash.digest("hex")}`),
    archive: parseDigest(`sha256:${archiveHash.digest("hex")}`),
  };
}

async function* observe(
  chunks: AsyncGenerator<Buffer, void>,
  see: (chunk: Buffer, total: number) => void,
): AsyncGenerator<Buffer, void> {
  let total = 0;
  for await (const chunk of chunks) {
    total += chunk.length;
    see(chunk, total);
    yield chunk;
  }
}
