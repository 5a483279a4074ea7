import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { posix } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import { DhowError } from "../../errors.ts";
import { parseDigest } from "../../oci/digest.ts";
import { decompress } from "../../storage/unpack/decompress.ts";
import { type ImageFile, type ImageFiles, linkTarget, maximalEntries } from "./image-files.ts";

/**
 * Copies the regular files of a tar archive (plain, gzip, zstd, xz or bzip2) into a folder, computing their digests on the way.
 * Memory stays flat. Nothing is written outside of the folder, whatever the names in the archive are. Links point at the
 * same copy.
 *
 * @param folder An empty folder, in the file system of the blob store so that files can be adopted by renaming.
 * @throws {DhowError} `corrupt` if it is no tar archive or a broken one.
 */
export async function unpackArchive(source: AsyncIterable<Buffer>, folder: string): Promise<ImageFiles> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = new Map<string, ImageFile>();
  const links: [string, string][] = [];
  const tar = extract();
  const reading = (async () => {
    let count = 0;
    for await (const entry of tar) {
      if (++count > maximalEntries) throw corrupt(`more than ${maximalEntries} entries`);
      const name = normalise(entry.header.name);
      if (entry.header.type === "file" || entry.header.type === "contiguous-file") {
        files.set(name, await copyOut(entry as AsyncIterable<Buffer>, `${folder}/${count}`));
        continue;
      }
      const target = linkTarget(name, entry.header);
      if (target !== undefined) links.push([name, target]);
      entry.resume();
    }
  })();
  try {
    await Promise.all([pipeline(Readable.from(decompress(chunksOf(source)), { objectMode: false }), tar), reading]);
  } catch (cause) {
    failToRead(cause);
  }
  for (const [name, target] of links) {
    const file = files.get(target);
    if (file) files.set(name, file);
  }
  return { find: (name) => files.get(name) };
}

async function* chunksOf(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  let isEmpty = true;
  for await (const chunk of source) {
    isEmpty &&= chunk.length === 0;
    yield chunk;
  }
  if (isEmpty) throw corrupt("it is empty");
}

function failToRead(cause: unknown): never {
  if (cause instanceof DhowError) throw cause;
  throw new DhowError("cannot read the archive", { kind: "corrupt", cause });
}

async function copyOut(content: AsyncIterable<Buffer>, path: string): Promise<ImageFile> {
  const hash = createHash("sha256");
  const file = openSync(path, "wx", 0o600);
  let sizeBytes = 0;
  try {
    for await (const chunk of content) {
      hash.update(chunk);
      for (let offset = 0; offset < chunk.length; ) offset += writeSync(file, chunk, offset);
      sizeBytes += chunk.length;
    }
  } finally {
    closeSync(file);
  }
  const digest = parseDigest(`sha256:${hash.digest("hex")}`);
  return { path, offset: 0, sizeBytes, isOurs: true, findDigest: () => Promise.resolve(digest) };
}

function normalise(name: string): string {
  return posix.normalize(`/${name}`).slice(1);
}

function corrupt(reason: string): DhowError {
  return new DhowError(`cannot read the archive: ${reason}`, { kind: "corrupt" });
}
