import type { Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { DhowError } from "../../errors.ts";
import { runFilter } from "./filter-program.ts";
import { createFrameCutter } from "./zstd-frames.ts";

const chunkBytes = 1 << 20;
/** How much may be waiting on either side: enough that the inflating thread never waits for us without need. */
const maxQueuedBytes = 4 * chunkBytes;

/**
 * Decompresses a layer or an archive: gzip (also of several members), zstd (also of several frames), xz and bzip2 (by the
 * machine's programs), or none of these, told by the first bytes.
 * Inflating goes on in another thread while the consumer works on the last chunk. Reads its source to the end in any case.
 * @throws {DhowError} `corrupt`; `unsupported` if there is no program for xz or bzip2.
 */
export async function* decompress(source: AsyncGenerator<Buffer, void>): AsyncGenerator<Buffer, void> {
  const { head, rest } = await readHead(source);
  switch (compressionOf(head)) {
    case "gzip":
      return yield* transform(rest, createGunzip({ chunkSize: chunkBytes, ...queue }));
    case "zstd": {
      const cutter = createFrameCutter();
      return yield* transform(rest, createZstdDecompress({ chunkSize: chunkBytes, ...queue }), (chunk) =>
        cutter.cut(chunk),
      );
    }
    case "xz":
      return yield* runFilter(["xz", "--decompress", "--stdout"], rest, "install the package xz-utils (Fedora: xz)");
    case "bzip2":
      return yield* runFilter(["bzip2", "--decompress", "--stdout"], rest, "install the package bzip2");
    case "none":
      return yield* rest;
  }
}

const queue = { writableHighWaterMark: maxQueuedBytes };

const magicBytes = 6;

async function readHead(
  source: AsyncGenerator<Buffer, void>,
): Promise<{ head: Buffer; rest: AsyncGenerator<Buffer, void> }> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < magicBytes) {
    const { done, value } = await source.next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  return { head, rest: resume(head, source) };
}

async function* resume(head: Buffer, source: AsyncGenerator<Buffer, void>): AsyncGenerator<Buffer, void> {
  if (head.length > 0) yield head;
  yield* source;
}

/** What a layer or an archive is compressed with, by its first bytes (six are enough). */
export function compressionOf(head: Buffer): "gzip" | "zstd" | "xz" | "bzip2" | "none" {
  const hex = head.toString("hex", 0, magicBytes);
  if (hex.startsWith("1f8b")) return "gzip";
  if (hex.startsWith("28b52ffd") || /^5[0-9a-f]2a4d18/.test(hex)) return "zstd";
  if (hex.startsWith("fd377a585a00")) return "xz";
  if (hex.startsWith("425a68")) return "bzip2";
  return "none";
}

interface Channel {
  readonly chunks: Buffer[];
  queuedBytes: number;
  isOver: boolean;
  failure: unknown;
  wake: () => void;
}

async function* transform(
  source: AsyncGenerator<Buffer, void>,
  stream: Transform,
  split: (chunk: Buffer) => Buffer[] = (chunk) => [chunk],
): AsyncGenerator<Buffer, void> {
  const channel = openChannel(stream);
  // The consumer gets a failure of the source through the channel.
  const feeding = feed(source, stream, split).catch((error: unknown) => stream.destroy(asError(error)));
  try {
    for (;;) {
      const chunk = channel.chunks.shift();
      if (chunk) {
        channel.queuedBytes -= chunk.length;
        if (channel.queuedBytes < maxQueuedBytes) stream.resume();
        yield chunk;
        continue;
      }
      if (channel.failure !== undefined) throw explain(channel.failure);
      if (channel.isOver) break;
      await new Promise<void>((resolve) => {
        channel.wake = resolve;
      });
    }
    await feeding;
  } finally {
    stream.destroy();
  }
}

/** Collects what the stream gives, without the joining and copying of its own buffer. */
function openChannel(stream: Transform): Channel {
  const channel: Channel = { chunks: [], queuedBytes: 0, isOver: false, failure: undefined, wake: () => {} };
  stream.on("data", (chunk: Buffer) => {
    channel.chunks.push(chunk);
    channel.queuedBytes += chunk.length;
    if (channel.queuedBytes >= maxQueuedBytes) stream.pause();
    channel.wake();
  });
  stream.on("end", () => {
    channel.isOver = true;
    channel.wake();
  });
  stream.on("error", (error) => {
    channel.failure = error;
    channel.wake();
  });
  return channel;
}

async function feed(
  source: AsyncGenerator<Buffer, void>,
  stream: Transform,
  split: (chunk: Buffer) => Buffer[],
): Promise<void> {
  for await (const chunk of source) {
    for (const part of split(chunk)) {
      // A gzip stream may end before its file does (padding): the rest is read, for the digest, but not inflated.
      if (stream.destroyed || stream.readableEnded) break;
      if (!stream.write(part)) await drained(stream);
    }
    if (stream.destroyed) return;
  }
  stream.end();
}

/** Waits until the stream takes more, or will never do so again. */
function drained(stream: Transform): Promise<void> {
  const events = ["drain", "end", "close"];
  return new Promise((resolve) => {
    const done = () => {
      for (const event of events) stream.off(event, done);
      resolve();
    };
    for (const event of events) stream.on(event, done);
  });
}

function explain(error: unknown): unknown {
  if (error instanceof DhowError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (!/^Z(?:STD)?_|^ERR_ZSTD|^Z_/.test(code)) return error;
  return new DhowError(`cannot decompress: ${(error as Error).message}`, { kind: "corrupt", cause: error });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
