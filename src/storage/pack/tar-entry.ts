import { type BytePath, fromSystemPath } from "../unpack/byte-path.ts";
import { blockSize } from "../unpack/tar-header.ts";

/** Type flags of entries: file, hard link, symbolic link, character device, block device, folder, fifo. */
export type EntryType = "0" | "1" | "2" | "3" | "4" | "5" | "6";

/** What is written in front of an entry's content. Names and link targets are byte strings. */
export interface TarEntry {
  /** Relative; of a folder with a slash at its end. */
  readonly name: BytePath;
  readonly type: EntryType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds; layers carry no fractions, as Podman's and Docker's. */
  readonly mtime: number;
  readonly linkName?: BytePath;
  readonly device?: { readonly major: number; readonly minor: number };
  readonly xattrs?: ReadonlyMap<string, Buffer>;
}

/**
 * The header of an entry: one block in the ustar format, behind an extended header (PAX) for what does not fit into it.
 * Names that fit are written as the bytes they are, UTF-8 or not: every reader takes them like that.
 */
export function encodeEntry(entry: TarEntry): Buffer {
  const block = Buffer.alloc(blockSize);
  const records = [...writeName(block, entry.name), ...writeLinkName(block, entry.linkName)];
  writeOctal(block, 100, 8, entry.mode);
  const number = (keyword: string, offset: number, length: number, value: number) => {
    if (writeOctal(block, offset, length, value)) return;
    writeOctal(block, offset, length, 0);
    records.push([keyword, String(value)]);
  };
  number("uid", 108, 8, entry.uid);
  number("gid", 116, 8, entry.gid);
  number("size", 124, 12, entry.size);
  number("mtime", 136, 12, entry.mtime);
  block.write(entry.type, 156, "latin1");
  block.write("ustar\x0000", 257, "latin1");
  writeOctal(block, 329, 8, entry.device?.major ?? 0);
  writeOctal(block, 337, 8, entry.device?.minor ?? 0);
  for (const [name, value] of entry.xattrs ?? []) {
    records.push([`SCHILY.xattr.${fromSystemPath(name)}`, value.toString("latin1")]);
  }
  sign(block);
  return records.length === 0 ? block : Buffer.concat([extendedHeader(entry.name, records), block]);
}

/** How many zero bytes follow a content of that size. */
export function paddingOf(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}

/** Two blocks of zeros. */
export const endOfArchive = Buffer.alloc(2 * blockSize);

type Records = [keyword: string, value: string][];

function writeName(block: Buffer, name: BytePath): Records {
  const split = splitName(name);
  if (split) {
    block.write(split.name, 0, 100, "latin1");
    block.write(split.prefix, 345, 155, "latin1");
    return [];
  }
  block.write(name.slice(0, 100), 0, 100, "latin1");
  return [["path", name]];
}

/** Divides a name among the two fields, which a reader joins by a slash; undefined if it does not fit. */
function splitName(name: BytePath): { prefix: BytePath; name: BytePath } | undefined {
  if (name.length <= 100) return { prefix: "", name };
  // The slash at the end of a folder's name stays with its last part.
  const slash = name.indexOf("/", name.length - 101);
  if (slash <= 0 || slash > 155 || slash === name.length - 1) return undefined;
  return { prefix: name.slice(0, slash), name: name.slice(slash + 1) };
}

function writeLinkName(block: Buffer, linkName: BytePath = ""): Records {
  block.write(linkName.slice(0, 100), 157, 100, "latin1");
  return linkName.length <= 100 ? [] : [["linkpath", linkName]];
}

/** Returns whether the number fits: as digits with a zero byte behind them. */
function writeOctal(block: Buffer, offset: number, length: number, value: number): boolean {
  const digits = value.toString(8).padStart(length - 1, "0");
  if (value < 0 || digits.length >= length) return false;
  block.write(`${digits}\0`, offset, "latin1");
  return true;
}

/** The checksum counts its own field as spaces. */
function sign(block: Buffer): void {
  block.fill(0x20, 148, 156);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
}

function extendedHeader(name: BytePath, records: Records): Buffer {
  const content = Buffer.concat(records.sort(([a], [b]) => (a < b ? -1 : 1)).map(encodeRecord));
  const header = encodeEntry({
    name: `PaxHeaders.0/${name.replace(/\/$/, "").split("/").at(-1) ?? ""}`.slice(0, 100),
    type: "0",
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: content.length,
    mtime: 0,
  });
  header.write("x", 156, "latin1");
  sign(header);
  return Buffer.concat([header, content, Buffer.alloc(paddingOf(content.length))]);
}

/** `LENGTH KEYWORD=VALUE\n`, where the length counts its own digits. */
function encodeRecord([keyword, value]: Records[number]): Buffer {
  const rest = ` ${keyword}=${value}\n`;
  let length = rest.length + String(rest.length).length;
  if (String(length).length + rest.length !== length) length++;
  return Buffer.from(`${length}${rest}`, "latin1");
}
