import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, rmSync } from "node:fs";
import { parseDigest } from "../../oci/digest.ts";
import type { Compression } from "../../oci/media-types.ts";
import { compressionOf, decompress } from "../unpack/decompress.ts";
import { createArchiveSink, type WrittenArchive } from "./archive-sink.ts";
import { explainWriteFailure, writeAll } from "./pack-tree.ts";

export interface TakenArchive extends WrittenArchive {
  readonly compression: Compression;
}

/** The first bytes that tell how something is compressed. */
const headBytes = 6;

/**
 * Writes an archive that comes from elsewhere into a new file as a layer's blob: as it came if it is compressed by something that
 * layers may be compressed by, else compressed with gzip. Nobody has looked yet whether it is a tar archive.
 *
 * Success means that the file is complete and on disk. After a failure there is none.
 * @throws {DhowError} `corrupt`; `unsupported` if there is no program for xz or bzip2; `unavailable`; what the source throws.
 */
export async function takeArchive(source: AsyncIterable<Buffer>, file: string): Promise<TakenArchive> {
  const fd = openSync(file, "wx", 0o600);
  try {
    const { head, chunks } = await peek(source);
    const compression = compressionOf(head);
    const isKept = compression === "gzip" || compression === "zstd";
    const written = isKept ? await keep(chunks, fd) : await compress(chunks, fd);
    fsyncSync(fd);
    return { ...written, compression: isKept ? compression : "gzip" };
  } catch (error) {
    rmSync(file, { force: true });
    throw explainWriteFailure(error);
  } finally {
    closeSync(fd);
  }
}

async function peek(source: AsyncIterable<Buffer>): Promise<{ head: Buffer; chunks: AsyncGenerator<Buffer, void> }> {
  const iterator = source[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < headBytes) {
    const { done, value } = await iterator.next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  return { head, chunks: resume(head, iterator) };
}

async function* resume(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void> {
  if (head.length > 0) yield head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

async function keep(chunks: AsyncGenerator<Buffer, void>, fd: number): Promise<WrittenArchive> {
  const [archiveHash, blobHash] = [createHash("sha256"), createHash("sha256")];
  let blobSize = 0;
  const source = observe(chunks, (chunk) => {
    blobHash.update(chunk);
    blobSize += chunk.length;
    writeAll(fd, chunk);
  });
  for await (const chunk of decompress(source)) archiveHash.update(chunk);
  const digest = (hash: typeof blobHash) => parseDigest(`sha256:${hash.digest("hex")}`);
  return { diffId: digest(archiveHash), blobDigest: digest(blobHash), blobSize };
}

async function* observe(
  chunks: AsyncGenerator<Buffer, void>,
  see: (chunk: Buffer) => void,
): AsyncGenerator<Buffer, void> {
  for await (const chunk of chunks) {
    see(chunk);
    yield chunk;
  }
}

async function compress(chunks: AsyncGenerator<Buffer, void>, fd: number): Promise<WrittenArchive> {
  const sink = createArchiveSink({ compression: "gzip" }, (bytes) => writeAll(fd, bytes));
  for await (const chunk of decompress(chunks)) await sink.push(chunk);
  return sink.finish();
}
