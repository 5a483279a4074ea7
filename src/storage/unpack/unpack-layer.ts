import { statSync } from "node:fs";
import { DhowError } from "../../errors.ts";
import type { Digest } from "../../oci/digest.ts";
import { type ArchiveDigests, type ArchiveJob, readArchive } from "./archive.ts";
import type { LayerSource } from "./growing-file.ts";
import { unpackInThreads } from "./threads.ts";
import { beginLayer, type WriteJob, type WrittenLayer } from "./write-layer.ts";

export interface UnpackOptions extends WriteJob {
  readonly source: LayerSource;
  /** Verifies the blob as it is stored; left out if the caller has done so or does so meanwhile. */
  readonly blobDigest?: Digest | undefined;
  /** Verifies the archive; left out if it is not known yet (as for a layer that is being imported). */
  readonly diffId?: Digest | undefined;
  /** Called with the number of bytes of the blob that were read so far. */
  readonly onProgress?: (bytes: number) => void;
  /** Ends the work: the promise is rejected with the signal's reason, when nothing is written any more. */
  readonly signal?: AbortSignal;
}

export interface UnpackResult extends WrittenLayer {
  /** Digest of the uncompressed archive. */
  readonly diffId: Digest;
}

/** A smaller blob is unpacked before a thread would have started (25 ms). */
const threadsThresholdBytes = 256 << 10;

/**
 * Unpacks a layer into a directory, in two threads. How many do so at once is up to the caller.
 *
 * Success means: the directory holds all of the layer, durably, and the digests that were given are right; to publish it,
 * rename it and sync the folder of the rename. After a failure the directory holds
 * a part of the layer, and nothing writes to it any more: remove it.
 * @throws {DhowError} `corrupt`: wrong digest, damaged or hostile archive. `unsupported`: an owner beyond the mapped ids, a
 * compression or a name that cannot be used here. `unavailable`: the disk is full, or the download failed. `permission-denied`.
 */
export async function unpackLayer({
  source,
  blobDigest,
  diffId,
  onProgress = () => {},
  signal,
  ...writeJob
}: UnpackOptions): Promise<UnpackResult> {
  signal?.throwIfAborted();
  const archiveJob = { source, hashesBlob: blobDigest !== undefined };
  const { digests, written } =
    sizeOf(source) < threadsThresholdBytes
      ? await unpackHere(archiveJob, writeJob, onProgress)
      : await unpackInThreads(archiveJob, writeJob, { onProgress, signal });
  verify("blob", blobDigest, digests.blob);
  verify("archive", diffId, digests.archive);
  return { ...written, diffId: digests.archive };
}

function sizeOf({ path, growth }: LayerSource): number {
  return growth?.sizeBytes ?? statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

async function unpackHere(
  archiveJob: ArchiveJob,
  writeJob: WriteJob,
  onProgress: (bytes: number) => void,
): Promise<{ readonly digests: ArchiveDigests; readonly written: WrittenLayer }> {
  const layer = beginLayer(writeJob);
  try {
    const digests = await readArchive(archiveJob, (chunk) => layer.push(chunk), onProgress);
    return { digests, written: await layer.finish() };
  } finally {
    layer.abort();
  }
}

function verify(what: string, expected: Digest | undefined, actual: Digest | undefined): void {
  if (expected === undefined || expected === actual) return;
  throw new DhowError(`cannot unpack layer: its ${what} has the digest ${actual} instead of ${expected}`, {
    kind: "corrupt",
  });
}
