import { parentPort, workerData } from "node:worker_threads";
import { toFailure, type WorkerMessage } from "./messages.ts";
import { runUnpackJob, type UnpackJob } from "./unpack-job.ts";

/** The entry of the worker thread that unpacks one layer: takes an UnpackJob as its data, tells with WorkerMessages. */
const reportEveryBytes = 1 << 20;

function tell(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

async function main(): Promise<void> {
  let reported = 0;
  const result = await runUnpackJob(workerData as UnpackJob, (bytes) => {
    if (bytes - reported < reportEveryBytes) return;
    reported = bytes;
    tell({ type: "progress", bytes });
  });
  tell({ type: "done", result });
}

main().catch((error: unknown) => tell({ type: "failed", failure: toFailure(error) }));
