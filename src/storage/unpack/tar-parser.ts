import { DhowError } from "../../errors.ts";
import {
  applyAttributes,
  collectAttributes,
  type PaxAttributes,
  type PaxRecords,
  parsePaxRecords,
  readDecimal,
} from "./pax.ts";
import {
  createMapReader,
  hasMapBeforeData,
  makeSparseMap,
  readOldGnuRealSize,
  readOldGnuSegments,
  type SparseMap,
  sparseMapOf,
} from "./sparse.ts";
import { blockSize, parseTarHeader, type TarHeader } from "./tar-header.ts";

/** One file, folder, link or device of an archive. */
export interface TarEntry extends TarHeader {
  readonly xattrs: ReadonlyMap<string, Buffer>;
  readonly sparse: SparseMap | undefined;
}

/** What receives the parts of an archive, in order: an entry, its data, its end. */
export interface TarSink {
  entry(entry: TarEntry): void;
  /** A part of the content; only valid during the call. */
  data(chunk: Buffer): void;
  /** All data of the entry came. */
  endEntry(): void;
}

export interface TarParser {
  /** Takes the next bytes of the archive. @throws {DhowError} `corrupt`, and what the sink throws. */
  push(chunk: Buffer): void;
  /** Says that no more bytes come. @throws {DhowError} `corrupt` if the archive is cut off. */
  end(): void;
}

/** Headers that describe others are kept in memory: nobody needs more of them. */
const maxMetadataBytes = 1 << 20;
/** Limits the map of a sparse file in front of its data. */
const maxSparseMapBytes = 16 << 20;

const noXattrs: ReadonlyMap<string, Buffer> = new Map();

/**
 * Takes a tar archive apart as its bytes come, keeping nothing but the current header.
 * Understands v7, ustar, star, GNU (long names, base-256, sparse) and PAX (global, local, sparse 0.0 to 1.0).
 * What follows the end mark is ignored, as tar does.
 */
export function createTarParser(sink: TarSink): TarParser {
  const state: ParserState = {
    sink,
    pending: Buffer.alloc(0),
    next: readHeader,
    needed: blockSize,
    skip: 0,
    remaining: 0,
    globalRecords: [],
    localRecords: undefined,
    longName: undefined,
    longLink: undefined,
    isOver: false,
  };
  return {
    push: (chunk) => push(state, chunk),
    end() {
      const isInside = state.pending.length > 0 || state.skip > 0 || state.remaining > 0 || state.next !== readHeader;
      const hasDangling =
        state.localRecords !== undefined || state.longName !== undefined || state.longLink !== undefined;
      if (!state.isOver && (isInside || hasDangling)) {
        throw new DhowError("cannot read layer archive: it is cut off", { kind: "corrupt" });
      }
    },
  };
}

interface ParserState {
  readonly sink: TarSink;
  /** The beginning of a block that the last chunk cut in two. */
  pending: Buffer;
  /** What to do with the next `needed` bytes. */
  next: (state: ParserState, block: Buffer) => void;
  needed: number;
  /** Bytes to pass over before the next block. */
  skip: number;
  /** Bytes of content to hand to the sink before that. */
  remaining: number;
  globalRecords: PaxRecords;
  localRecords: PaxRecords | undefined;
  longName: string | undefined;
  longLink: string | undefined;
  isOver: boolean;
}

function push(state: ParserState, chunk: Buffer): void {
  let at = 0;
  while (at < chunk.length && !state.isOver) {
    if (state.remaining > 0) {
      const part = chunk.subarray(at, at + state.remaining);
      at += part.length;
      state.remaining -= part.length;
      state.sink.data(part);
      if (state.remaining === 0) state.sink.endEntry();
    } else if (state.skip > 0) {
      const count = Math.min(state.skip, chunk.length - at);
      at += count;
      state.skip -= count;
    } else {
      at = collectBlock(state, chunk, at);
    }
  }
}

/** Gives the next block to its reader if it is complete, else keeps what there is of it. Returns the new position. */
function collectBlock(state: ParserState, chunk: Buffer, at: number): number {
  const missing = state.needed - state.pending.length;
  const part = chunk.subarray(at, at + missing);
  if (part.length < missing) {
    state.pending = Buffer.concat([state.pending, part]);
    return chunk.length;
  }
  const block = state.pending.length === 0 ? part : Buffer.concat([state.pending, part]);
  if (state.pending.length > 0) state.pending = Buffer.alloc(0);
  state.next(state, block);
  return at + missing;
}

function expect(state: ParserState, needed: number, next: ParserState["next"]): void {
  state.needed = needed;
  state.next = next;
}

function readHeader(state: ParserState, block: Buffer): void {
  const header = parseTarHeader(block);
  if (!header) {
    state.isOver = true;
    return;
  }
  switch (header.type) {
    case "x":
    case "X":
      expectMetadata(state, header, (content) => {
        state.localRecords = parsePaxRecords(content);
      });
      return;
    case "g":
      expectMetadata(state, header, (content) => {
        state.globalRecords = [...collectAttributes(state.globalRecords, parsePaxRecords(content)).values];
      });
      return;
    case "L":
      expectMetadata(state, header, (content) => {
        state.longName = untilZero(content);
      });
      return;
    case "K":
      expectMetadata(state, header, (content) => {
        state.longLink = untilZero(content);
      });
      return;
    default:
      startEntry(state, header, block);
  }
}

function expectMetadata(state: ParserState, header: TarHeader, take: (content: Buffer) => void): void {
  if (header.size > maxMetadataBytes) {
    throw new DhowError(`cannot read layer archive: an extended header has ${header.size} bytes`, { kind: "corrupt" });
  }
  expect(state, header.size + paddingOf(header.size), (_, content) => {
    expect(state, blockSize, readHeader);
    take(content.subarray(0, header.size));
  });
  if (header.size === 0) state.next(state, Buffer.alloc(0));
}

function untilZero(content: Buffer): string {
  const end = content.indexOf(0);
  return content.toString("latin1", 0, end < 0 ? content.length : end);
}

function startEntry(state: ParserState, raw: TarHeader, block: Buffer): void {
  const { globalRecords, localRecords, longName, longLink } = state;
  const withLongNames =
    longName === undefined && longLink === undefined
      ? raw
      : { ...raw, name: longName ?? raw.name, linkName: longLink ?? raw.linkName };
  state.localRecords = undefined;
  state.longName = undefined;
  state.longLink = undefined;
  if (localRecords === undefined && globalRecords.length === 0 && raw.type !== "S") {
    emit(state, withLongNames, noXattrs, undefined);
    return;
  }
  const attributes = collectAttributes(globalRecords, localRecords ?? []);
  const header = applyAttributes(withLongNames, attributes);
  if (raw.type === "S") startOldGnuSparse(state, { header, attributes }, block);
  else if (hasMapBeforeData(attributes)) collectSparseMap(state, { header, attributes });
  else emit(state, header, attributes.xattrs, header.type === "0" ? sparseMapOf(header, attributes) : undefined);
}

interface DescribedEntry {
  readonly header: TarHeader;
  readonly attributes: PaxAttributes;
}

/** The header holds four map entries; a mark at 482 (504 in the extension blocks that follow) says that there are more. */
function startOldGnuSparse(state: ParserState, { header, attributes }: DescribedEntry, block: Buffer): void {
  const realSize = readOldGnuRealSize(block);
  const numbers = readOldGnuSegments(block, 386, 4);
  const finish = () => {
    expect(state, blockSize, readHeader);
    emit(state, { ...header, type: "0" }, attributes.xattrs, makeSparseMap(realSize, numbers, header.size));
  };
  const readExtension = (_: ParserState, extension: Buffer) => {
    for (const number of readOldGnuSegments(extension, 0, 21)) numbers.push(number);
    if (numbers.length > maxSparseMapBytes / 24) throw tooManyHoles();
    if (extension[504] === 0) finish();
  };
  if (block[482] === 0) finish();
  else expect(state, blockSize, readExtension);
}

function collectSparseMap(state: ParserState, { header, attributes }: DescribedEntry): void {
  const map = createMapReader();
  let used = 0;
  expect(state, blockSize, (_, block) => {
    used += blockSize;
    if (used > header.size || used > maxSparseMapBytes) throw tooManyHoles();
    const numbers = map.push(block);
    if (!numbers) return;
    expect(state, blockSize, readHeader);
    const realSize = readDecimal(attributes.values.get("GNU.sparse.realsize") ?? "");
    const size = header.size - used;
    emit(state, { ...header, size }, attributes.xattrs, makeSparseMap(realSize, numbers, size));
  });
}

function tooManyHoles(): DhowError {
  return new DhowError("cannot read layer archive: the map of a sparse file is malformed", { kind: "corrupt" });
}

/** Types that have no content, whatever their size field says (as Go's archive/tar, so as Podman and Docker). */
const typesWithoutContent = new Set(["1", "2", "3", "4", "5", "6"]);

function emit(
  state: ParserState,
  header: TarHeader,
  xattrs: ReadonlyMap<string, Buffer>,
  sparse: SparseMap | undefined,
): void {
  const isOldDirectory = header.type === "0" && header.name.endsWith("/");
  const type = isOldDirectory ? "5" : header.type;
  const size = typesWithoutContent.has(type) ? 0 : header.size;
  state.sink.entry({ ...header, type, size, xattrs, sparse });
  state.remaining = size;
  state.skip = paddingOf(size);
  if (size === 0) state.sink.endEntry();
}

function paddingOf(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}
