import { createReadStream } from "node:fs";
import { DhowError } from "../../errors.ts";
import { type BytePath, toSystemPath } from "../../storage/unpack/byte-path.ts";
import { decompress } from "../../storage/unpack/decompress.ts";

const headerBytes = 512;

/** Whether a file is a tar archive, compressed or not: as Docker, by what is in it. */
export async function isArchive(path: BytePath): Promise<boolean> {
  const header = await readHeader(path);
  if (header === undefined) return false;
  const sum = Number.parseInt(header.toString("latin1", 148, 156).replace(/[\0 ]+$/, ""), 8);
  return sum === checksum(header);
}

/** The first block; undefined if there is none, or nobody can decompress it. */
async function readHeader(path: BytePath): Promise<Buffer | undefined> {
  let head = Buffer.alloc(0);
  try {
    for await (const chunk of decompress(chunksOf(path))) {
      head = Buffer.concat([head, chunk]);
      if (head.length >= headerBytes) return head.subarray(0, headerBytes);
    }
  } catch (error) {
    if (!(error instanceof DhowError)) throw error;
  }
  return undefined;
}

/** What an archive holds, decompressed on the way. */
export async function* chunksOf(path: BytePath): AsyncGenerator<Buffer, void> {
  for await (const chunk of createReadStream(toSystemPath(path))) yield chunk as Buffer;
}

/** The checksum counts its own field as spaces. */
function checksum(header: Buffer): number {
  return header.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 0x20 : byte), 0);
}
