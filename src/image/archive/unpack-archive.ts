import { createHash } from "node:crypto";
import { closeSync, createReadStream, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { posix } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { extract, type Header } from "tar-stream";
import { DhowError } from "../../errors.ts";
import { type Digest, parseDigest } from "../../oci/digest.ts";
import { manifestSizeLimit } from "../../oci/manifest.ts";

/** A regular file of an image archive, copied out of it. */
export interface ArchiveFile {
  /** Where the copy is. Named by a counter, never by the archive's own words. */
  readonly path: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** The files of an archive by their normalised relative name; links point at the same copy. */
export type ArchiveFiles = ReadonlyMap<string, ArchiveFile>;

/** More entries than any image archive has: a stop for hostile ones. */
const maximalEntries = 10_000;

/**
 * Copies the regular files of a tar archive (plain, gzip or zstd) into a folder, computing their digests on the way.
 * Memory stays flat. Nothing is written outside of the folder, whatever the names in the archive are.
 *
 * @param folder An empty folder, in the file system of the blob store so that files can be adopted by renaming.
 * @throws {DhowError} `corrupt` if it is no tar archive or a broken one.
 */
export async function unpackArchive(source: Readable, folder: string): Promise<ArchiveFiles> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = new Map<string, ArchiveFile>();
  const links: [string, string][] = [];
  const stages = await decompress(source).catch(failToRead);
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
    await Promise.all([pipeline([...stages, tar]), reading]);
  } catch (cause) {
    failToRead(cause);
  }
  for (const [name, target] of links) {
    const file = files.get(target);
    if (file) files.set(name, file);
  }
  return files;
}

function failToRead(cause: unknown): never {
  if (cause instanceof DhowError) throw cause;
  throw new DhowError("cannot read the archive", { kind: "corrupt", cause });
}

async function copyOut(content: AsyncIterable<Buffer>, path: string): Promise<ArchiveFile> {
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
  return { path, digest: parseDigest(`sha256:${hash.digest("hex")}`), sizeBytes };
}

/** Old `docker save` writes a layer that occurs twice as a symbolic link. */
function linkTarget(name: string, { type, linkname }: Header): string | undefined {
  if (linkname === undefined || linkname === null) return undefined;
  if (type === "symlink") return normalise(posix.join(posix.dirname(name), linkname));
  return type === "link" ? normalise(linkname) : undefined;
}

function normalise(name: string): string {
  return posix.normalize(`/${name}`).slice(1);
}

/** The archive's bytes without their compression, which its first bytes tell. */
async function decompress(source: AsyncIterable<Buffer>): Promise<NodeJS.ReadableStream[]> {
  const chunks = source[Symbol.asyncIterator]();
  let start = Buffer.alloc(0);
  while (start.length < 4) {
    const { value, done } = await chunks.next();
    if (done) break;
    start = Buffer.concat([start, value]);
  }
  if (start.length < 4) throw corrupt("it is empty");
  const bytes = Readable.from(resume(start, chunks), { objectMode: false });
  if (start.readUInt16BE(0) === 0x1f8b) return [bytes, createGunzip({ chunkSize: 1 << 20 })];
  if (start.readUInt32LE(0) === 0xfd2fb528) return [bytes, createZstdDecompress({ chunkSize: 1 << 20 })];
  return [bytes];
}

async function* resume(start: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield start;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

function corrupt(reason: string): DhowError {
  return new DhowError(`cannot read the archive: ${reason}`, { kind: "corrupt" });
}

/** Reads a small file of an archive whole. @throws {DhowError} `corrupt` if it is not small. */
export function readArchiveBytes({ path, sizeBytes }: ArchiveFile, name: string): Uint8Array {
  if (sizeBytes > manifestSizeLimit) throw corrupt(`${name} is larger than ${manifestSizeLimit} bytes`);
  return readFileSync(path);
}

/** Reads a JSON file of an archive. @throws {DhowError} `corrupt`. */
export function readArchiveJson(file: ArchiveFile, name: string): unknown {
  try {
    return JSON.parse(Buffer.from(readArchiveBytes(file, name)).toString("utf8"));
  } catch (cause) {
    if (cause instanceof DhowError) throw cause;
    throw new DhowError(`cannot read the archive: ${name} is not JSON`, { kind: "corrupt", cause });
  }
}

/** Opens an archive file as a stream. @throws {DhowError} `not-found`. */
export function openArchive(path: string): Readable {
  const fd = openExisting(path);
  return createReadStream(path, { fd, highWaterMark: 1 << 20 });
}

function openExisting(path: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    throw new DhowError(`cannot open ${path}`, { kind: "not-found", cause });
  }
}
