import { createHash } from "node:crypto";
import { closeSync, createReadStream, readSync } from "node:fs";
import { posix } from "node:path";
import { type Digest, parseDigest } from "../../oci/digest.ts";
import { blockSize, parseTarHeader } from "../../storage/unpack/tar-header.ts";
import { createTarParser, type TarEntry } from "../../storage/unpack/tar-parser.ts";
import { damaged, type ImageFile, type ImageFiles, linkTarget, maximalEntries, openExisting } from "./image-files.ts";

const chunkBytes = 4 << 20;

/**
 * The files of a tar archive without compression, where they lie in it: nothing is copied. Undefined for anything else.
 * @param path Of a regular file: opening a pipe would take from it.
 * @throws {DhowError} `corrupt` for a broken archive.
 */
export function indexPlainArchive(path: string): ImageFiles | undefined {
  const fd = openExisting(path);
  try {
    return beginsWithHeader(fd) ? readIndex(fd, path) : undefined;
  } finally {
    closeSync(fd);
  }
}

function beginsWithHeader(fd: number): boolean {
  const block = Buffer.alloc(blockSize);
  try {
    return readSync(fd, block, 0, blockSize, 0) === blockSize && parseTarHeader(block) !== undefined;
  } catch {
    return false;
  }
}

/** @returns Undefined if a file in it has holes. */
function readIndex(fd: number, path: string): ImageFiles | undefined {
  const files = new Map<string, ImageFile>();
  const links: [name: string, target: string][] = [];
  const chunk = Buffer.allocUnsafeSlow(chunkBytes);
  let position = 0;
  let count = 0;
  let hasHoles = false;
  let current: TarEntry | undefined;
  const add = (offset: number) => {
    if (current?.type === "0") files.set(normalise(current.name), regionOf(path, offset, current.size));
    current = undefined;
  };
  const parser = createTarParser({
    entry(entry) {
      if (++count > maximalEntries) throw damaged(`more than ${maximalEntries} entries`);
      current = entry;
      hasHoles ||= entry.sparse !== undefined;
      const target = linkTarget(normalise(entry.name), linkOf(entry));
      if (target !== undefined) links.push([normalise(entry.name), target]);
    },
    data: (part) => add(position + part.byteOffset - chunk.byteOffset),
    // Of a file without content.
    endEntry: () => add(0),
  });
  for (let size = readSync(fd, chunk); size > 0; size = readSync(fd, chunk)) {
    parser.push(chunk.subarray(0, size));
    position += size;
  }
  parser.end();
  for (const [name, target] of links) {
    const file = files.get(target);
    if (file) files.set(name, file);
  }
  return hasHoles ? undefined : { find: (name) => files.get(name) };
}

function normalise(name: string): string {
  return posix.normalize(`/${Buffer.from(name, "latin1").toString("utf8")}`).slice(1);
}

function linkOf({ type, linkName }: TarEntry): { readonly type: string; readonly linkname: string } {
  return { type: type === "2" ? "symlink" : type === "1" ? "link" : "", linkname: linkName };
}

function regionOf(path: string, offset: number, sizeBytes: number): ImageFile {
  return { path, offset, sizeBytes, isOurs: false, findDigest: () => digestOfRegion(path, offset, sizeBytes) };
}

async function digestOfRegion(path: string, start: number, size: number): Promise<Digest> {
  const hash = createHash("sha256");
  if (size > 0) {
    const region = { start, end: start + size - 1, highWaterMark: 1 << 20 };
    for await (const chunk of createReadStream(path, region)) hash.update(chunk as Buffer);
  }
  return parseDigest(`sha256:${hash.digest("hex")}`);
}
