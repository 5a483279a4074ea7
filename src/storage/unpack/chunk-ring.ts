import { DhowError } from "../../errors.ts";

/**
 * A queue of byte chunks between two threads: memory that both share, one thread writes, one reads, and each waits for the
 * other without blocking its own event loop. Plain data, so that it can be sent to a worker.
 */
export interface ChunkRing {
  readonly bytes: SharedArrayBuffer;
  /** 32-bit integers: the words below, then the length of the chunk in each slot. */
  readonly words: SharedArrayBuffer;
}

/** Enough that neither thread waits for the other without need; a layer takes so much memory while it is unpacked. */
const slotCount = 8;
const slotBytes = 1 << 20;

/** Counts what was written and what was read; wraps around. */
const writtenWord = 0;
const readWord = 1;
const stateWord = 2;
/** Changes with everything that the reader may wait for. */
const newsWord = 3;
const lengthsAt = 4;

const open = 0;
const closed = 1;
const abandoned = 2;

export function createChunkRing(): ChunkRing {
  return {
    bytes: new SharedArrayBuffer(slotCount * slotBytes),
    words: new SharedArrayBuffer((lengthsAt + slotCount) * Int32Array.BYTES_PER_ELEMENT),
  };
}

/** Copies a chunk into the ring, waiting for room. */
export async function writeChunk(ring: ChunkRing, chunk: Buffer): Promise<void> {
  const words = new Int32Array(ring.words);
  for (let at = 0; at < chunk.length; at += slotBytes) {
    const written = Atomics.load(words, writtenWord);
    await waitWhile(words, readWord, (read) => ((written - read) | 0) >= slotCount);
    const slot = (written >>> 0) % slotCount;
    const length = chunk.copy(Buffer.from(ring.bytes, slot * slotBytes, slotBytes), 0, at);
    Atomics.store(words, lengthsAt + slot, length);
    Atomics.store(words, writtenWord, (written + 1) | 0);
    announce(words);
  }
}

/** Says that all chunks were written. */
export function closeRing(ring: ChunkRing): void {
  setState(ring, closed);
}

/** Says that no more chunks come although some are missing: the reader fails. */
export function abandonRing(ring: ChunkRing): void {
  setState(ring, abandoned);
}

/**
 * The chunks, in order, until the ring is closed. Each is only valid until the next one is asked for.
 * @throws {DhowError} `unavailable` if the ring was abandoned.
 */
export async function* readChunks(ring: ChunkRing): AsyncGenerator<Buffer, void> {
  const words = new Int32Array(ring.words);
  for (let read = 0; ; read = (read + 1) | 0) {
    await waitWhile(words, newsWord, () => isDry(words, read));
    if (Atomics.load(words, stateWord) === abandoned) {
      throw new DhowError("cannot unpack layer: its archive came to an early end", { kind: "unavailable" });
    }
    if (Atomics.load(words, writtenWord) === read) return;
    const slot = (read >>> 0) % slotCount;
    yield Buffer.from(ring.bytes, slot * slotBytes, Atomics.load(words, lengthsAt + slot));
    Atomics.store(words, readWord, (read + 1) | 0);
    Atomics.notify(words, readWord);
  }
}

/** Nothing to read, and more to come. */
function isDry(words: Int32Array, read: number): boolean {
  // The state first: what was written before the end was told is there.
  return Atomics.load(words, stateWord) === open && Atomics.load(words, writtenWord) === read;
}

function setState({ words }: ChunkRing, state: number): void {
  const view = new Int32Array(words);
  Atomics.store(view, stateWord, state);
  announce(view);
}

function announce(words: Int32Array): void {
  Atomics.add(words, newsWord, 1);
  Atomics.notify(words, newsWord);
}

/** Waits until a condition, which may change whenever a word does, is false. */
async function waitWhile(words: Int32Array, word: number, holds: (value: number) => boolean): Promise<void> {
  for (;;) {
    const value = Atomics.load(words, word);
    if (!holds(value)) return;
    await Atomics.waitAsync(words, word, value).value;
  }
}
