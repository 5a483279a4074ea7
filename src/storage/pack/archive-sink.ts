import { createHash } from "node:crypto";
import { type Digest, parseDigest } from "../../oci/digest.ts";
import { type CompressionChoice, createCompressor } from "./compress-chunks.ts";

/** What has been written when an archive is complete. */
export interface WrittenArchive {
  /** Digest of the archive before it was compressed. */
  readonly diffId: Digest;
  /** Digest and size of what was written. */
  readonly blobDigest: Digest;
  readonly blobSize: number;
}

/**
 * Takes an archive bit by bit, computes both digests and hands the compressed bytes on. Holds a few chunks in memory at most.
 * `push` and `space`/`filled` only fill a chunk; after each of them `turn` has to be awaited if `isFull`.
 */
export interface ArchiveSink {
  /** Takes bytes, whatever their number. */
  push(bytes: Buffer): Promise<void>;
  /** The free part of the chunk: for reading a file straight into it. */
  space(): Buffer;
  /** Says how much of the free part has been written to. */
  filled(bytes: number): Promise<void>;
  finish(): Promise<WrittenArchive>;
}

/** So many chunks are compressed at a time, or wait to be written. */
const chunksInFlight = 4;

/** Writes all of the bytes, in order; may throw. */
export type WriteBytes = (bytes: Buffer) => void | Promise<void>;

export function createArchiveSink(choice: CompressionChoice, write: WriteBytes): ArchiveSink {
  const compressor = createCompressor(choice);
  const archiveHash = createHash("sha256");
  const blobHash = createHash("sha256");
  const free: Buffer[] = [];
  const queue: { readonly chunk: Buffer; readonly compressed: Promise<readonly Buffer[]> }[] = [];
  let blobSize = 0;
  let chunk: Buffer = Buffer.allocUnsafe(compressor.chunkBytes);
  let used = 0;

  const writeOldest = async () => {
    const oldest = queue.shift();
    if (!oldest) return;
    for (const part of await oldest.compressed) {
      blobHash.update(part);
      blobSize += part.length;
      await write(part);
    }
    free.push(oldest.chunk);
  };
  const handOver = (isLast: boolean) => {
    const content = chunk.subarray(0, used);
    archiveHash.update(content);
    const compressed = compressor.compress(content, isLast);
    // It is awaited later; until then a failure must not count as unhandled.
    compressed.catch(() => {});
    queue.push({ chunk, compressed });
    used = 0;
  };
  const filled = async (bytes: number) => {
    used += bytes;
    if (used < chunk.length) return;
    handOver(false);
    // Timers and signals get their turn, even if nothing has to be waited for.
    await new Promise((resolve) => setImmediate(resolve));
    if (queue.length >= chunksInFlight) await writeOldest();
    chunk = free.pop() ?? Buffer.allocUnsafe(compressor.chunkBytes);
  };

  return {
    space: () => chunk.subarray(used),
    filled,
    async push(bytes) {
      for (let at = 0; at < bytes.length; ) {
        const count = bytes.copy(chunk, used, at);
        at += count;
        await filled(count);
      }
    },
    async finish() {
      handOver(true);
      while (queue.length > 0) await writeOldest();
      const digest = (hash: typeof blobHash) => parseDigest(`sha256:${hash.digest("hex")}`);
      return { diffId: digest(archiveHash), blobDigest: digest(blobHash), blobSize };
    },
  };
}
