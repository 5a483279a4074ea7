import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { DhowError } from "../../errors.ts";
import type { LayerSource } from "./growing-file.ts";
import { fromFailure, type WorkerMessage } from "./messages.ts";
import { runUnpackJob, type UnpackJob, type UnpackResult } from "./unpack-job.ts";

export interface UnpackOptions extends UnpackJob {
  /** Called with the number of bytes of the blob that were read so far. */
  readonly onProgress?: (bytes: number) => void;
  /** Ends the work: the promise is rejected with the signal's reason, when nothing is written any more. */
  readonly signal?: AbortSignal;
}

/** A smaller blob is unpacked before a thread would have started (25 ms). */
const workerThresholdBytes = 256 << 10;

/**
 * Unpacks a layer into a directory, in a thread of its own. How many do so at once is up to the caller.
 *
 * Success means: the directory holds all of the layer, durably, and the digests that were given are right; to publish it,
 * rename it and sync the folder of the rename. After a failure the directory holds
 * a part of the layer, and nothing writes to it any more: remove it.
 * @throws {DhowError} `corrupt`: wrong digest, damaged or hostile archive. `unsupported`: an owner beyond the mapped ids, a
 * compression or a name that cannot be used here. `unavailable`: the disk is full, or the download failed. `permission-denied`.
 */
export async function unpackLayer({ onProgress = () => {}, signal, ...job }: UnpackOptions): Promise<UnpackResult> {
  signal?.throwIfAborted();
  if (sizeOf(job.source) < workerThresholdBytes) return runUnpackJob(job, onProgress);
  return runInWorker(job, onProgress, signal);
}

function sizeOf({ path, growth }: LayerSource): number {
  return growth?.sizeBytes ?? statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

async function runInWorker(
  job: UnpackJob,
  onProgress: (bytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<UnpackResult> {
  const worker = new Worker(workerFile(), { workerData: job, stdin: false });
  const stop = () => void worker.terminate();
  signal?.addEventListener("abort", stop);
  let outcome: WorkerMessage | undefined;
  let crash: unknown;
  worker.on("message", (message: WorkerMessage) => {
    if (message.type === "progress") onProgress(message.bytes);
    else outcome = message;
  });
  worker.on("error", (error) => {
    crash = error;
  });
  // Only then is it sure that nothing writes any more.
  await new Promise((resolve) => worker.once("exit", resolve));
  signal?.removeEventListener("abort", stop);
  if (outcome?.type === "done") return outcome.result;
  if (outcome?.type === "failed") throw fromFailure(outcome.failure);
  signal?.throwIfAborted();
  throw new DhowError("cannot unpack layer: the thread ended early", { kind: "unavailable", cause: crash });
}

/** The worker beside this file: its source, or what the build makes of it, in this folder or the one above. */
function workerFile(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const candidates = [join(here, "worker.ts"), join(here, "unpack-worker.cjs"), join(here, "..", "unpack-worker.cjs")];
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) throw new DhowError(`cannot find unpack-worker.cjs in ${here}`, { kind: "unavailable" });
  return found;
}
