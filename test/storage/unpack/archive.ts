/** Builds tar archives byte by byte, so that tests can say anything, also what no tar program would write. */
export interface EntryFields {
  readonly name: string | Buffer;
  readonly type?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** The stated size; the length of `content` unless given. */
  readonly size?: number;
  readonly mtime?: number;
  readonly linkName?: string | Buffer;
  readonly content?: string | Buffer;
  readonly device?: { readonly major: number; readonly minor: number };
  readonly magic?: string;
  /** Changes the header before its checksum is made. */
  readonly patch?: (header: Buffer) => void;
}

export function entry(fields: EntryFields): Buffer {
  const content = Buffer.from(fields.content ?? "");
  return Buffer.concat([header({ size: content.length, ...fields }), pad(content)]);
}

export function archive(...parts: readonly (EntryFields | Buffer)[]): Buffer {
  return Buffer.concat([...parts.map((part) => (Buffer.isBuffer(part) ? part : entry(part))), Buffer.alloc(1024)]);
}

export function paxHeader(records: Readonly<Record<string, string | Buffer>>, type: "x" | "g" = "x"): Buffer {
  return paxRecords(Object.entries(records), type);
}

export function paxRecords(records: readonly (readonly [string, string | Buffer])[], type: "x" | "g" = "x"): Buffer {
  const content = Buffer.concat(records.map(([keyword, value]) => paxRecord(keyword, Buffer.from(value))));
  return entry({ name: "PaxHeader", type, content });
}

/** GNU's long name ("L") or link name ("K") in front of an entry. */
export function gnuLong(type: "L" | "K", text: string): Buffer {
  return entry({ name: "././@LongLink", type, content: `${text}\0`, magic: "ustar  \0" });
}

function header(fields: EntryFields): Buffer {
  const block = Buffer.alloc(512);
  Buffer.from(fields.name).copy(block, 0, 0, 100);
  const isFolder = fields.type === "5";
  writeOctal(block, 100, 8, fields.mode ?? (isFolder ? 0o755 : 0o644));
  writeOctal(block, 108, 8, fields.uid ?? 0);
  writeOctal(block, 116, 8, fields.gid ?? 0);
  writeOctal(block, 124, 12, fields.size ?? 0);
  writeOctal(block, 136, 12, fields.mtime ?? 1_000_000_000);
  block.write(fields.type ?? "0", 156, "latin1");
  Buffer.from(fields.linkName ?? "").copy(block, 157, 0, 100);
  block.write(fields.magic ?? "ustar\x0000", 257, "latin1");
  writeOctal(block, 329, 8, fields.device?.major ?? 0);
  writeOctal(block, 337, 8, fields.device?.minor ?? 0);
  fields.patch?.(block);
  return sign(block);
}

/** Puts the right checksum into a header. */
export function sign(block: Buffer): Buffer {
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

function writeOctal(block: Buffer, offset: number, length: number, value: number): void {
  const digits = value.toString(8).padStart(length - 1, "0");
  if (value >= 0 && digits.length < length) block.write(`${digits}\0`, offset, "latin1");
  else writeBase256(block, offset, length, value);
}

/** GNU's form for numbers that do not fit: two's complement with the first bit set. */
export function writeBase256(block: Buffer, offset: number, length: number, value: number): void {
  let rest = BigInt.asUintN(length * 8, BigInt(value));
  for (let at = offset + length - 1; at >= offset; at--) {
    block[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  block[offset] = (block[offset] as number) | 0x80;
}

function paxRecord(keyword: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${keyword}=`), value, Buffer.from("\n")]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

export function pad(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}
