import { DhowError } from "../../errors.ts";
import { type PaxAttributes, readDecimal } from "./pax.ts";
import { readNumber, readSize, type TarHeader } from "./tar-header.ts";

/** Where the stored bytes of a sparse file belong; everything between is a hole. */
export interface SparseMap {
  /** Size of the file with its holes. */
  readonly realSize: number;
  readonly segments: readonly SparseSegment[];
}

export interface SparseSegment {
  readonly offset: number;
  readonly size: number;
}

/**
 * Reads the sparse map of PAX formats 0.0 and 0.1, which is in the extended header; undefined if the file is not sparse.
 * @throws {DhowError} `corrupt`
 */
export function sparseMapOf(header: TarHeader, { values, sparseNumbers }: PaxAttributes): SparseMap | undefined {
  const realSize = values.get("GNU.sparse.size") ?? values.get("GNU.sparse.realsize");
  if (realSize === undefined) return undefined;
  const numbers = values.get("GNU.sparse.map")?.split(",").map(readDecimal) ?? sparseNumbers;
  return makeSparseMap(readDecimal(realSize), numbers, header.size);
}

/** Whether the file is in PAX sparse format 1.0, whose map precedes the data. */
export function hasMapBeforeData({ values }: PaxAttributes): boolean {
  return values.get("GNU.sparse.major") === "1" && values.get("GNU.sparse.minor") === "0";
}

/**
 * Reads the map of PAX sparse format 1.0 block by block: the number of segments, then offsets and sizes, each on a line.
 * `push` returns the numbers after the count once it has them all, else undefined.
 */
export function createMapReader(): { push(block: Buffer): number[] | undefined } {
  const numbers: number[] = [];
  let line = "";
  return {
    push(block) {
      const lines = (line + block.toString("latin1")).split("\n");
      line = lines.pop() as string;
      for (const text of lines) {
        if (numbers.length > 0 && numbers.length === 1 + 2 * (numbers[0] as number)) break;
        numbers.push(readDecimal(text));
      }
      return numbers.length > 0 && numbers.length === 1 + 2 * (numbers[0] as number) ? numbers.slice(1) : undefined;
    },
  };
}

/** Reads map entries of the old GNU format out of a header (4, from byte 386) or an extension block (21, from 0). */
export function readOldGnuSegments(block: Buffer, offset: number, count: number): number[] {
  const numbers: number[] = [];
  for (let at = offset; at < offset + count * 24 && block[at] !== 0; at += 24) {
    numbers.push(readNumber(block, at, 12), readNumber(block, at + 12, 12));
  }
  return numbers;
}

/** The size with holes, in the old GNU format. */
export function readOldGnuRealSize(block: Buffer): number {
  return readSize(block, 483);
}

/**
 * Checks a map: in order, without overlap, inside the file, and exactly as large as the stored data.
 * @throws {DhowError} `corrupt`
 */
export function makeSparseMap(realSize: number, numbers: readonly number[], storedSize: number): SparseMap {
  const segments: SparseSegment[] = [];
  let end = 0;
  let total = 0;
  for (let at = 0; at < numbers.length; at += 2) {
    const [offset, size] = [numbers[at] as number, numbers[at + 1]];
    if (size === undefined || offset < end || size < 0 || !Number.isSafeInteger(offset + size)) throw malformed();
    end = offset + size;
    total += size;
    if (size > 0) segments.push({ offset, size });
  }
  if (end > realSize || total !== storedSize) throw malformed();
  return { realSize, segments };
}

function malformed(): DhowError {
  return new DhowError("cannot read layer archive: the map of a sparse file is malformed", { kind: "corrupt" });
}
