import { DhowError } from "../../errors.ts";
import { checkSize, type TarHeader, type Timestamp } from "./tar-header.ts";

/** Keywords and raw values, in order: the sparse format 0.0 repeats keywords. Both are byte strings. */
export type PaxRecords = readonly (readonly [keyword: string, value: string])[];

/**
 * Reads the records of an extended header: `LENGTH KEYWORD=VALUE\n`, where values may be binary.
 * @throws {DhowError} `corrupt`
 */
export function parsePaxRecords(content: Buffer): PaxRecords {
  const text = content.toString("latin1");
  const records: [string, string][] = [];
  for (let at = 0; at < text.length && text.charCodeAt(at) !== 0; ) {
    const space = text.indexOf(" ", at);
    const digits = text.slice(at, space);
    const end = at + Number(digits);
    const equals = text.indexOf("=", space);
    if (!/^[0-9]{1,10}$/.test(digits) || equals < 0 || equals >= end || text[end - 1] !== "\n") throw malformed();
    records.push([text.slice(space + 1, equals), text.slice(equals + 1, end - 1)]);
    at = end;
  }
  return records;
}

/** What extended headers can say about an entry beyond its header block. */
export interface PaxAttributes {
  readonly values: ReadonlyMap<string, string>;
  readonly xattrs: ReadonlyMap<string, Buffer>;
  /** For sparse format 0.0: offsets and sizes alternately. */
  readonly sparseNumbers: readonly number[];
}

/** Merges global and local records; an empty value takes an earlier one away. */
export function collectAttributes(...sources: readonly PaxRecords[]): PaxAttributes {
  const values = new Map<string, string>();
  const xattrs = new Map<string, Buffer>();
  const sparseNumbers: number[] = [];
  for (const [keyword, value] of sources.flat()) {
    if (keyword === "GNU.sparse.offset" || keyword === "GNU.sparse.numbytes") sparseNumbers.push(readDecimal(value));
    const xattr = readXattr(keyword, value);
    if (xattr) xattrs.set(...xattr);
    else if (value === "") values.delete(keyword);
    else values.set(keyword, value);
  }
  return { values, xattrs, sparseNumbers };
}

/** The header with what the extended headers say put in place. @throws {DhowError} `corrupt` */
export function applyAttributes(header: TarHeader, { values }: PaxAttributes): TarHeader {
  if (values.size === 0) return header;
  const numberOr = (keyword: string, fallback: number) => {
    const value = values.get(keyword);
    return value === undefined ? fallback : readDecimal(value);
  };
  const mtime = values.get("mtime");
  return {
    ...header,
    name: values.get("GNU.sparse.name") ?? values.get("path") ?? header.name,
    linkName: values.get("linkpath") ?? header.linkName,
    size: checkSize(numberOr("size", header.size)),
    uid: numberOr("uid", header.uid),
    gid: numberOr("gid", header.gid),
    mtime: mtime === undefined ? header.mtime : readTimestamp(mtime),
  };
}

/** @throws {DhowError} `corrupt` unless the text is a plain decimal number. */
export function readDecimal(text: string): number {
  const value = Number(text);
  if (!/^[0-9]{1,19}$/.test(text) || !Number.isSafeInteger(value)) throw malformed();
  return value;
}

function readTimestamp(text: string): Timestamp {
  const match = /^(-?)([0-9]{1,15})(?:\.([0-9]*))?$/.exec(text);
  if (!match) throw malformed();
  const [, sign, whole, fraction = ""] = match;
  const seconds = Number(whole);
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, "0"));
  if (!sign) return { seconds, nanoseconds };
  return nanoseconds === 0
    ? { seconds: -seconds, nanoseconds }
    : { seconds: -seconds - 1, nanoseconds: 1e9 - nanoseconds };
}

const schilyPrefix = "SCHILY.xattr.";
const libarchivePrefix = "LIBARCHIVE.xattr.";

/** Star, GNU tar and Go write raw values; libarchive writes base64 values under percent-encoded names, often both. */
function readXattr(keyword: string, value: string): [name: string, value: Buffer] | undefined {
  if (keyword.startsWith(schilyPrefix)) return [keyword.slice(schilyPrefix.length), Buffer.from(value, "latin1")];
  if (!keyword.startsWith(libarchivePrefix)) return undefined;
  const name = keyword
    .slice(libarchivePrefix.length)
    .replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return [name, Buffer.from(value, "base64")];
}

function malformed(): DhowError {
  return new DhowError("cannot read layer archive: an extended (PAX) header is malformed", { kind: "corrupt" });
}
