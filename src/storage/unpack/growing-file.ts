import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { DhowError } from "../../errors.ts";

/** A blob file: complete, or (with `growth`) still being downloaded. It may be renamed once it is open. */
export interface LayerSource {
  readonly path: string;
  readonly growth?: Growth;
}

/** What the reader of a growing file shares with its writer, across threads. */
export interface Growth {
  /** Bytes that the file will have in the end. */
  readonly sizeBytes: number;
  /** Two 64-bit integers: bytes written so far; 1 if no more will come. */
  readonly counters: SharedArrayBuffer;
}

/** The writer's side of a growing file. */
export interface GrowthWriter {
  readonly growth: Growth;
  /** Says that so many bytes from the start are in the file now. It may fall when a download begins anew. */
  report(availableBytes: number): void;
  /** Says that the download failed: the reader fails with `unavailable`. */
  abandon(): void;
}

export function createGrowth(sizeBytes: number): GrowthWriter {
  const counters = new SharedArrayBuffer(16);
  const view = new BigInt64Array(counters);
  const set = (index: number, value: bigint) => {
    Atomics.store(view, index, value);
    Atomics.notify(view, 0);
  };
  return {
    growth: { sizeBytes, counters },
    report: (availableBytes) => set(0, BigInt(availableBytes)),
    abandon: () => set(1, 1n),
  };
}

const chunkBytes = 1 << 20;
/** Guards against a lost wake-up; the writer normally wakes us at once. */
const maxWaitMs = 250;

/**
 * Reads a blob from its start to its end in chunks of at most a megabyte, waiting for what is not there yet.
 * @throws {DhowError} `unavailable` if the writer gave up; `not-found` if there is no such file; `corrupt` if it is too short.
 */
export async function* readSource({ path, growth }: LayerSource): AsyncGenerator<Buffer, void> {
  const fd = open(path);
  try {
    const size = growth?.sizeBytes ?? fstatSync(fd).size;
    for (let at = 0; at < size; ) {
      const available = growth ? Math.min(size, await waitBeyond(at, growth)) : size;
      const chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, available - at));
      const count = readSync(fd, chunk, 0, chunk.length, at);
      if (count === 0) throw new DhowError(`cannot read blob ${path}: it is cut off`, { kind: "corrupt" });
      at += count;
      yield chunk.subarray(0, count);
    }
  } finally {
    closeSync(fd);
  }
}

function open(path: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    throw new DhowError(`cannot open blob ${path}`, { kind: "not-found", cause });
  }
}

/** Waits until there are bytes behind a position; returns the number of bytes there are. */
async function waitBeyond(position: number, { counters }: Growth): Promise<number> {
  const view = new BigInt64Array(counters);
  for (;;) {
    const available = Atomics.load(view, 0);
    if (available > position) return Number(available);
    if (Atomics.load(view, 1) !== 0n)
      throw new DhowError("cannot unpack layer: its download failed", { kind: "unavailable" });
    const { value } = Atomics.waitAsync(view, 0, available, maxWaitMs);
    await value;
  }
}
