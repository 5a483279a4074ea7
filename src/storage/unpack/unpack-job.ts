import { createHash } from "node:crypto";
import { DhowError } from "../../errors.ts";
import { type Digest, parseDigest } from "../../oci/digest.ts";
import { decompress } from "./decompress.ts";
import { type LayerSource, readSource } from "./growing-file.ts";
import { createLayerWriter } from "./layer-writer.ts";
import type { IdRanges } from "./ownership.ts";
import { syncTree } from "./sync-tree.ts";
import { createTarParser } from "./tar-parser.ts";
import type { WhiteoutMode } from "./whiteouts.ts";

/** What is to be unpacked, where and how: plain data, so that it can be sent to a worker. */
export interface UnpackJob {
  readonly source: LayerSource;
  /** Verifies the blob as it is stored; left out if the caller has done so or does so meanwhile. */
  readonly blobDigest?: Digest | undefined;
  /** Verifies the archive; left out if it is not known yet (as for a layer that is being imported). */
  readonly diffId?: Digest | undefined;
  /** Absolute; exists; belongs to nobody else while we work. */
  readonly directory: string;
  readonly whiteouts: WhiteoutMode;
  /**
   * For `overlay`: the unpacked layers below, top first. Directories that the archive leaves out look as they do there,
   * and hard links to files there work.
   */
  readonly lowerDirectories?: readonly string[];
  /** Leaves what was written in memory; else all of it is on disk in the end. */
  readonly volatile?: boolean;
  readonly ids: IdRanges;
  readonly limits?: Partial<UnpackLimits>;
}

/** Against archives that would fill the disk or the memory. */
export interface UnpackLimits {
  readonly maxBytes: number;
  readonly maxEntries: number;
}

export const defaultLimits: UnpackLimits = { maxBytes: 2 ** 39, maxEntries: 5_000_000 };

export interface UnpackResult {
  /** Bytes of the content of regular files (without the holes of sparse ones). */
  readonly sizeBytes: number;
  readonly entries: number;
  /** Digest of the uncompressed archive. */
  readonly diffId: Digest;
  /** What could not be unpacked as it is: one sentence for each kind. */
  readonly warnings: readonly string[];
}

/**
 * Unpacks a layer in this thread.
 * @param onProgress Called with the number of bytes of the blob that were read so far.
 */
export async function runUnpackJob(job: UnpackJob, onProgress: (bytes: number) => void): Promise<UnpackResult> {
  const writer = createLayerWriter({ lowerDirectories: [], ...job, ...defaultLimits, ...job.limits });
  const parser = createTarParser(writer);
  const blobHash = job.blobDigest === undefined ? undefined : createHash("sha256");
  const archiveHash = createHash("sha256");
  const source = observe(readSource(job.source), (chunk, total) => {
    blobHash?.update(chunk);
    onProgress(total);
  });
  const flusher = createFlusher(job);
  try {
    for await (const chunk of decompress(source)) {
      archiveHash.update(chunk);
      parser.push(chunk);
      flusher.wrote(chunk.length);
    }
    parser.end();
    const diffId = parseDigest(`sha256:${archiveHash.digest("hex")}`);
    if (blobHash) verify("blob", job.blobDigest, `sha256:${blobHash.digest("hex")}`);
    verify("archive", job.diffId, diffId);
    const outcome = writer.finish();
    await flusher.finish();
    return { ...outcome, diffId };
  } finally {
    writer.abort();
  }
}

const flushEveryBytes = 64 << 20;

/** Lets the disk write while we unpack, so that little is left for the end. */
function createFlusher({ directory, volatile }: UnpackJob): { wrote(bytes: number): void; finish(): Promise<void> } {
  let unflushed = 0;
  let isRunning = false;
  let flushed = Promise.resolve();
  return {
    wrote(bytes) {
      unflushed += bytes;
      if (volatile || isRunning || unflushed < flushEveryBytes) return;
      unflushed = 0;
      isRunning = true;
      flushed = flushed.then(() => syncTree(directory));
      // Whoever finishes gets the failure: the kernel tells it only once.
      flushed
        .catch(() => {})
        .finally(() => {
          isRunning = false;
        });
    },
    async finish() {
      await flushed;
      if (!volatile) await syncTree(directory);
    },
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

function verify(what: string, expected: string | undefined, actual: string): void {
  if (expected === undefined || expected === actual) return;
  throw new DhowError(`cannot unpack layer: its ${what} has the digest ${actual} instead of ${expected}`, {
    kind: "corrupt",
  });
}
