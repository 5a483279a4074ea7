import { parentPort, workerData } from "node:worker_threads";
import { readArchive } from "./archive.ts";
import { closeRing, readChunks, writeChunk } from "./chunk-ring.ts";
import { toFailure, type WorkerMessage } from "./messages.ts";
import type { ThreadTask } from "./threads.ts";
import { beginLayer } from "./write-layer.ts";

/** The entry of the threads that unpack one layer: takes a ThreadTask as its data, tells with WorkerMessages. */
const reportEveryBytes = 1 << 20;

function tell(message: WorkerMessage<unknown>): void {
  parentPort?.postMessage(message);
}

function run(task: ThreadTask): Promise<unknown> {
  return task.role === "read" ? read(task) : write(task);
}

async function read({ job, ring }: ThreadTask & { role: "read" }): Promise<unknown> {
  let reported = 0;
  const digests = await readArchive(
    job,
    (chunk) => writeChunk(ring, chunk),
    (bytes) => {
      if (bytes - reported < reportEveryBytes) return;
      reported = bytes;
      tell({ type: "progress", bytes });
    },
  );
  closeRing(ring);
  return digests;
}

async function write({ job, ring }: ThreadTask & { role: "write" }): Promise<unknown> {
  const layer = beginLayer(job);
  try {
    for await (const chunk of readChunks(ring)) layer.push(chunk);
    return await layer.finish();
  } finally {
    layer.abort();
  }
}

// A thread that only waits for the other one (Atomics.waitAsync) has nothing that would keep its event loop going.
const alive = setInterval(() => {}, 2 ** 30);

run(workerData as ThreadTask)
  .then(
    (result) => tell({ type: "done", result }),
    (error: unknown) => tell({ type: "failed", failure: toFailure(error) }),
  )
  .finally(() => clearInterval(alive));
