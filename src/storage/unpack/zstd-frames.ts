import { DhowError } from "../../errors.ts";

/**
 * Cuts a zstd stream into parts that never reach over the end of a frame, and leaves out frames to be skipped.
 * Node's decompressor forgets what follows a frame within one write, and stops at a skippable frame; layers of several
 * frames are common (pzstd, zstd:chunked).
 * @see https://www.rfc-editor.org/rfc/rfc8878#section-3
 */
export interface FrameCutter {
  /** @throws {DhowError} `corrupt` */
  cut(chunk: Buffer): Buffer[];
}

interface CutterState {
  /** The field that is being collected: at most 13 bytes. */
  field: number[];
  needed: number;
  read: (state: CutterState) => void;
  /** Bytes to pass over before the next field. */
  body: number;
  hasChecksum: boolean;
  isLastBlock: boolean;
  /** Where we are, and where what has not been handed out yet begins; undefined between and in skipped frames. */
  at: number;
  start: number | undefined;
  parts: Buffer[];
  chunk: Buffer;
}

const magic = Buffer.of(0x28, 0xb5, 0x2f, 0xfd);

export function createFrameCutter(): FrameCutter {
  const state: CutterState = {
    field: [],
    needed: 4,
    read: readMagic,
    body: 0,
    hasChecksum: false,
    isLastBlock: false,
    at: 0,
    start: undefined,
    parts: [],
    chunk: magic,
  };
  return {
    cut(chunk) {
      state.chunk = chunk;
      state.parts = [];
      if (state.start !== undefined) state.start = 0;
      for (state.at = 0; state.at < chunk.length; ) advance(state);
      handOut(state);
      return state.parts;
    },
  };
}

function advance(state: CutterState): void {
  if (state.body > 0) {
    const count = Math.min(state.body, state.chunk.length - state.at);
    state.body -= count;
    state.at += count;
    if (state.body === 0 && state.isLastBlock) endFrame(state);
    return;
  }
  state.field.push(state.chunk[state.at++] as number);
  if (state.field.length < state.needed) return;
  state.read(state);
  state.field = [];
}

function handOut(state: CutterState): void {
  if (state.start !== undefined && state.at > state.start)
    state.parts.push(state.chunk.subarray(state.start, state.at));
}

function collect(state: CutterState, needed: number, read: CutterState["read"]): void {
  state.needed = needed;
  state.read = read;
}

function readMagic(state: CutterState): void {
  const value = littleEndian(state.field);
  if (value >= 0x184d2a50 && value <= 0x184d2a5f) {
    collect(state, 4, readSkippedSize);
    return;
  }
  if (value !== 0xfd2fb528) throw malformed();
  // The four bytes may have come in two chunks.
  state.parts.push(magic);
  state.start = state.at;
  collect(state, 1, readDescriptor);
}

function readSkippedSize(state: CutterState): void {
  state.body = littleEndian(state.field);
  collect(state, 4, readMagic);
}

function readDescriptor(state: CutterState): void {
  const descriptor = state.field[0] as number;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  state.hasChecksum = (descriptor & 4) !== 0;
  const windowBytes = isSingleSegment ? 0 : 1;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  state.body = windowBytes + dictionaryBytes + sizeBytes;
  collect(state, 3, readBlockHeader);
}

function readBlockHeader(state: CutterState): void {
  const header = littleEndian(state.field);
  const [isLast, type, size] = [(header & 1) !== 0, (header >> 1) & 3, header >> 3];
  if (type === 3) throw malformed();
  state.body = type === 1 ? 1 : size;
  if (!isLast) return;
  state.body += state.hasChecksum ? 4 : 0;
  state.isLastBlock = true;
  if (state.body === 0) endFrame(state);
}

function endFrame(state: CutterState): void {
  handOut(state);
  state.start = undefined;
  state.isLastBlock = false;
  collect(state, 4, readMagic);
}

function littleEndian(bytes: readonly number[]): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}

function malformed(): DhowError {
  return new DhowError("cannot decompress layer: it is not valid zstd data", { kind: "corrupt" });
}
