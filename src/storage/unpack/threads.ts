import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { DhowError } from "../../errors.ts";
import type { ArchiveDigests, ArchiveJob } from "./archive.ts";
import { abandonRing, type ChunkRing, createChunkRing } from "./chunk-ring.ts";
import { fromFailure, type WorkerMessage } from "./messages.ts";
import type { WriteJob, WrittenLayer } from "./write-layer.ts";

/** What a thread is started with. */
export type ThreadTask =
  | { readonly role: "read"; readonly job: ArchiveJob; readonly ring: ChunkRing }
  | { readonly role: "write"; readonly job: WriteJob; readonly ring: ChunkRing };

export interface ThreadOptions {
  readonly onProgress: (bytes: number) => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * Unpacks a layer in two threads: one reads, checks and inflates its blob, the other one writes the tree.
 * When the promise is settled, both have ended and nothing is written any more.
 */
export async function unpackInThreads(
  archiveJob: ArchiveJob,
  writeJob: WriteJob,
  { onProgress, signal }: ThreadOptions,
): Promise<{ readonly digests: ArchiveDigests; readonly written: WrittenLayer }> {
  const ring = createChunkRing();
  const reader = startThread<ArchiveDigests>({ role: "read", job: archiveJob, ring }, onProgress);
  const writer = startThread<WrittenLayer>({ role: "write", job: writeJob, ring }, () => {});
  const stop = () => {
    reader.stop();
    writer.stop();
  };
  signal?.addEventListener("abort", stop);
  const [read, written] = await Promise.all([
    // Each of them would wait for ever for one that failed.
    reader.ended.then((end) => {
      if (!end.isDone) abandonRing(ring);
      return end;
    }),
    writer.ended.then((end) => {
      if (!end.isDone) reader.stop();
      return end;
    }),
  ]);
  signal?.removeEventListener("abort", stop);
  if (read.isDone && written.isDone) return { digests: read.result, written: written.result };
  signal?.throwIfAborted();
  // What the reader says explains why the writer got no more.
  throw failureOf(read) ?? failureOf(written) ?? new DhowError(endedEarly, { kind: "unavailable" });
}

const endedEarly = "cannot unpack layer: the thread ended early";

/** How a thread came to its end; a failure is undefined for one that was stopped. */
type ThreadEnd<Result> =
  | { readonly isDone: true; readonly result: Result }
  | { readonly isDone: false; readonly failure: Error | undefined };

function failureOf(end: ThreadEnd<unknown>): Error | undefined {
  return end.isDone ? undefined : end.failure;
}

interface Thread<Result> {
  readonly ended: Promise<ThreadEnd<Result>>;
  stop(): void;
}

function startThread<Result>(task: ThreadTask, onProgress: (bytes: number) => void): Thread<Result> {
  const worker = new Worker(workerFile(), { workerData: task, stdin: false });
  let end: ThreadEnd<Result> = { isDone: false, failure: undefined };
  worker.on("message", (message: WorkerMessage<Result>) => {
    if (message.type === "progress") onProgress(message.bytes);
    else if (message.type === "done") end = { isDone: true, result: message.result };
    else end = { isDone: false, failure: fromFailure(message.failure) };
  });
  worker.on("error", (cause) => {
    end = { isDone: false, failure: new DhowError(endedEarly, { kind: "unavailable", cause }) };
  });
  // Only then is it sure that nothing writes any more.
  const ended = new Promise<ThreadEnd<Result>>((resolve) => worker.once("exit", () => resolve(end)));
  return { ended, stop: () => void worker.terminate() };
}

/** The worker beside this file: its source, or what the build makes of it, in this folder or the one above. */
function workerFile(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const candidates = [join(here, "worker.ts"), join(here, "unpack-worker.cjs"), join(here, "..", "unpack-worker.cjs")];
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) throw new DhowError(`cannot find unpack-worker.cjs in ${here}`, { kind: "unavailable" });
  return found;
}
