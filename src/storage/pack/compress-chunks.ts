import { constants, crc32, deflateRaw, zstdCompress } from "node:zlib";
import { DhowError } from "../../errors.ts";
import type { Compression } from "../../oci/media-types.ts";

/** How a layer is compressed. */
export interface CompressionChoice {
  readonly compression: Compression;
  /** gzip: 1 to 9; zstd: 1 to 22. Undefined for the usual one. */
  readonly level?: number | undefined;
}

/**
 * Compresses a stream chunk by chunk, each in a thread of Node's pool, so that several cores work on one layer. What comes out
 * depends on what goes in alone, not on how many were at it.
 */
export interface ChunkCompressor {
  /** How many bytes a chunk should have; the last one may have fewer. */
  readonly chunkBytes: number;
  /** Calls must come in the order of the stream; their results are to be written in the same order. */
  compress(chunk: Buffer, isLast: boolean): Promise<readonly Buffer[]>;
}

/** @throws {DhowError} `unsupported` for zstd on a Node that lacks it. */
export function createCompressor({ compression, level }: CompressionChoice): ChunkCompressor {
  switch (compression) {
    case "none":
      return { chunkBytes: 1 << 20, compress: async (chunk) => [chunk] };
    case "gzip":
      return gzipCompressor(level ?? constants.Z_DEFAULT_COMPRESSION);
    case "zstd":
      return zstdCompressor(level ?? constants.ZSTD_CLEVEL_DEFAULT);
  }
}

/** Deflate refers back to that many bytes at most. */
const windowBytes = 32 << 10;

/**
 * One gzip member, as pigz makes it: each chunk is deflated with the end of the one before as its dictionary and ends at a
 * byte's border.
 * @see https://www.rfc-editor.org/rfc/rfc1952
 */
function gzipCompressor(level: number): ChunkCompressor {
  const chunkBytes = 1 << 20;
  let dictionary: Buffer | undefined;
  let [checksum, length] = [0, 0];
  return {
    chunkBytes,
    async compress(chunk, isLast) {
      const head = length === 0 ? [gzipHeader] : [];
      checksum = crc32(chunk, checksum);
      length += chunk.length;
      const options = {
        level,
        chunkSize: chunkBytes + (64 << 10),
        finishFlush: isLast ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
        ...(dictionary === undefined ? {} : { dictionary }),
      };
      // The chunk's memory is used again, the dictionary's is read whenever a thread gets to it.
      dictionary = Buffer.from(chunk.subarray(-windowBytes));
      const tail = isLast ? [gzipTrailer(checksum, length)] : [];
      return [...head, await call((done) => deflateRaw(chunk, options, done)), ...tail];
    },
  };
}

/** Without name and time, from an unknown system: the same for everybody. */
const gzipHeader = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);

function gzipTrailer(checksum: number, length: number): Buffer {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  return trailer;
}

/** A frame a chunk: four times the window of the usual level, so that little is lost at the borders. */
function zstdCompressor(level: number): ChunkCompressor {
  if (typeof zstdCompress !== "function") {
    throw new DhowError("cannot compress with zstd: this Node.js is too old", {
      kind: "unsupported",
      hint: "use Node.js 22.15 or newer",
    });
  }
  const params = { [constants.ZSTD_c_compressionLevel]: level };
  return {
    chunkBytes: 8 << 20,
    compress: async (chunk) => [await call((done) => zstdCompress(chunk, { params, chunkSize: 1 << 20 }, done))],
  };
}

function call(start: (done: (error: Error | null, result: Buffer) => void) => void): Promise<Buffer> {
  return new Promise((resolve, reject) => start((error, result) => (error ? reject(error) : resolve(result))));
}
