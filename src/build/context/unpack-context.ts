import { mkdirSync } from "node:fs";
import { DhowError } from "../../errors.ts";
import { countIds, readIdMap } from "../../rootless/id-map.ts";
import { compressionOf, decompress } from "../../storage/unpack/decompress.ts";
import { blockSize, parseTarHeader } from "../../storage/unpack/tar-header.ts";
import { beginLayer } from "../../storage/unpack/write-layer.ts";

/** The most that is taken for a Dockerfile. */
const maxDockerfileBytes = 16 << 20;

/** What comes on stdin or from the web: an archive, or a Dockerfile. */
export type StreamedInput =
  | { readonly kind: "archive"; readonly chunks: AsyncGenerator<Buffer, void> }
  | { readonly kind: "text"; readonly text: string };

/** Tells an archive, compressed or not, from a text by its first bytes. @throws {DhowError} `invalid-argument` for a text without end. */
export async function readInput(source: AsyncIterable<Buffer>): Promise<StreamedInput> {
  const chunks = source[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  let isOver = false;
  while (head.length < blockSize && !isOver) {
    const next = await chunks.next();
    isOver = next.done === true;
    if (!next.done) head = Buffer.concat([head, next.value]);
  }
  if (isArchive(head)) return { kind: "archive", chunks: resume(head, chunks) };
  return { kind: "text", text: await readText(resume(head, chunks)) };
}

function isArchive(head: Buffer): boolean {
  if (compressionOf(head) !== "none") return true;
  if (head.length < blockSize) return false;
  try {
    return parseTarHeader(head.subarray(0, blockSize)) !== undefined;
  } catch {
    return false;
  }
}

async function* resume(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void> {
  if (head.length > 0) yield head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

/** @throws {DhowError} `invalid-argument` if it is larger than any Dockerfile. */
export async function readText(chunks: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxDockerfileBytes) {
      throw new DhowError("this is no Dockerfile: it is larger than 16 MiB", { kind: "invalid-argument" });
    }
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString("utf8");
}

/**
 * Unpacks an archive of whatever compression into a new directory. Nothing of it can land elsewhere.
 * @throws {DhowError} `corrupt`, `unsupported`; what was unpacked is left to the caller.
 */
export async function unpackContext(chunks: AsyncGenerator<Buffer, void>, directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const { uids, gids } = readIdMap();
  const layer = beginLayer({
    directory,
    whiteouts: "merged",
    volatile: true,
    // The owners in the archive are not those of the image: COPY makes everything root's unless --chown says otherwise.
    ids: { uids: countIds(uids), gids: countIds(gids), ignoreChownErrors: true },
  });
  try {
    for await (const chunk of decompress(chunks)) layer.push(chunk);
    await layer.finish();
  } finally {
    layer.abort();
  }
}
