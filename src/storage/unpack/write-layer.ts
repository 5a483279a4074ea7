import { createLayerWriter } from "./layer-writer.ts";
import { defaultLimits, type UnpackLimits } from "./limits.ts";
import type { IdRanges } from "./ownership.ts";
import { syncTree } from "./sync-tree.ts";
import { createTarParser } from "./tar-parser.ts";
import type { WhiteoutMode } from "./whiteouts.ts";

/** Where and how a layer is to be written. Plain data, so that it can be sent to a worker. */
export interface WriteJob {
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

export interface WrittenLayer {
  /** Bytes of the content of regular files (without the holes of sparse ones). */
  readonly sizeBytes: number;
  readonly entries: number;
  /** What could not be unpacked as it is: one sentence for each kind. */
  readonly warnings: readonly string[];
}

/** A layer that is being written, chunk by chunk of its archive. */
export interface LayerInProgress {
  push(chunk: Buffer): void;
  /** All chunks came: finishes the tree and waits until it is on disk. */
  finish(): Promise<WrittenLayer>;
  /** Closes what is open after a failure. Does nothing after `finish`. */
  abort(): void;
}

export function beginLayer(job: WriteJob): LayerInProgress {
  const writer = createLayerWriter({ lowerDirectories: [], ...job, ...defaultLimits, ...job.limits });
  const parser = createTarParser(writer);
  const flusher = createFlusher(job);
  return {
    push(chunk) {
      parser.push(chunk);
      flusher.wrote(chunk.length);
    },
    async finish() {
      parser.end();
      const written = writer.finish();
      await flusher.finish();
      return written;
    },
    abort: () => writer.abort(),
  };
}

const flushEveryBytes = 64 << 20;

/** Lets the disk write while we unpack, so that little is left for the end. */
function createFlusher({ directory, volatile }: WriteJob): { wrote(bytes: number): void; finish(): Promise<void> } {
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
