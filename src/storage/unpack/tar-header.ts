import { DhowError } from "../../errors.ts";

export const blockSize = 512;

/**
 * What one 512-byte header block says.
 * Names are byte strings: one character (0 to 255) a byte, so that names which are not UTF-8 survive and stay cheap to compare.
 */
export interface TarHeader {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: Timestamp;
  /** The type flag; "0" for all the spellings of a regular file. */
  readonly type: string;
  readonly linkName: string;
  readonly device: { readonly major: number; readonly minor: number };
  /** Whether it is in GNU's own format, in which the prefix field means something else. */
  readonly isGnu: boolean;
}

export interface Timestamp {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/**
 * Reads a header block; undefined for a block of zeros, which ends the archive.
 * @throws {DhowError} `corrupt` if the checksum or a number is wrong.
 */
export function parseTarHeader(block: Buffer): TarHeader | undefined {
  if (!hasValidChecksum(block)) {
    if (block.every((byte) => byte === 0)) return undefined;
    throw new DhowError("cannot read layer archive: a tar header has a wrong checksum", { kind: "corrupt" });
  }
  const magic = block.toString("latin1", 257, 263);
  const prefix = magic === "ustar\0" ? readText(block, 345, isStar(block) ? 131 : 155) : "";
  const name = readText(block, 0, 100);
  const flag = block[156] as number;
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    mode: readNumber(block, 100, 8) & 0o7777,
    uid: readNumber(block, 108, 8),
    gid: readNumber(block, 116, 8),
    size: readSize(block, 124),
    mtime: { seconds: readNumber(block, 136, 12), nanoseconds: 0 },
    type: flag === 0 || flag === 0x37 ? "0" : String.fromCharCode(flag),
    linkName: readText(block, 157, 100),
    device: magic.startsWith("ustar") ? readDevice(block) : { major: 0, minor: 0 },
    isGnu: magic === "ustar ",
  };
}

/** Reads a size field. @throws {DhowError} `corrupt` if it is negative or too large to be true. */
export function readSize(block: Buffer, offset: number): number {
  return checkSize(readNumber(block, offset, 12));
}

/** @throws {DhowError} `corrupt` unless the value is a possible number of bytes. */
export function checkSize(size: number): number {
  if (Number.isSafeInteger(size) && size >= 0) return size;
  throw new DhowError(`cannot read layer archive: an entry claims to have ${size} bytes`, { kind: "corrupt" });
}

/**
 * Reads a number field: octal text, or big-endian two's complement when the first bit is set (GNU's base-256).
 * @throws {DhowError} `corrupt` if it is neither.
 */
export function readNumber(block: Buffer, offset: number, length: number): number {
  const first = block[offset] as number;
  if (first & 0x80) return readBase256(block, offset, length);
  let at = offset;
  const end = offset + length;
  while (at < end && (block[at] === 0x20 || block[at] === 0)) at++;
  let value = 0;
  for (; at < end; at++) {
    const byte = block[at] as number;
    if (byte === 0 || byte === 0x20) break;
    if (byte < 0x30 || byte > 0x37) {
      throw new DhowError("cannot read layer archive: a tar header has an invalid number", { kind: "corrupt" });
    }
    value = value * 8 + byte - 0x30;
  }
  return value;
}

function readBase256(block: Buffer, offset: number, length: number): number {
  const isNegative = ((block[offset] as number) & 0x40) !== 0;
  let value = isNegative ? (block[offset] as number) - 0x100 : (block[offset] as number) & 0x3f;
  for (let at = offset + 1; at < offset + length; at++) value = value * 256 + (block[at] as number);
  return value;
}

function readText(block: Buffer, offset: number, length: number): string {
  let end = offset;
  while (end < offset + length && block[end] !== 0) end++;
  return block.toString("latin1", offset, end);
}

function readDevice(block: Buffer): { major: number; minor: number } {
  return { major: readNumber(block, 329, 8), minor: readNumber(block, 337, 8) };
}

/** Whether the block is in Schilling's star format, which keeps times behind a shorter prefix. */
function isStar(block: Buffer): boolean {
  return block.toString("latin1", 508, 512) === "tar\0";
}

/** The checksum counts its own field as spaces. Old writers summed signed bytes. */
function hasValidChecksum(block: Buffer): boolean {
  let sum = 0;
  let highBytes = 0;
  for (let at = 0; at < blockSize; at++) {
    const byte = at >= 148 && at < 156 ? 0x20 : (block[at] as number);
    sum += byte;
    if (byte & 0x80) highBytes++;
  }
  const stated = tryReadChecksum(block);
  return stated === sum || stated === sum - 256 * highBytes;
}

function tryReadChecksum(block: Buffer): number | undefined {
  const match = /^[\0 ]*([0-7]+)[\0 ]/.exec(`${block.toString("latin1", 148, 156)} `);
  return match ? Number.parseInt(match[1] as string, 8) : undefined;
}
