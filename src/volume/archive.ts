import { createReadStream } from "node:fs";
import type { Readable, Writable } from "node:stream";
import type { Engine } from "../engine.ts";
import { DhowError, errnoOf } from "../errors.ts";
import { findProgram, startProgram } from "../system/process.ts";
import { ended, extractInto, feed, writeTree } from "./tar.ts";
import { mountVolume, unmountVolume } from "./use.ts";

type VolumeEngine = Pick<Engine, "volumes" | "paths">;

export interface VolumeArchiveOptions {
  /** Whether containers use the volume now: it stays mounted then. */
  isUsed(name: string): boolean;
}

/**
 * Writes all that is in a volume to a file descriptor, as a tar archive.
 * @throws {DhowError} `not-found`; `unavailable` if something cannot be read or written.
 */
export async function exportVolume(
  engine: VolumeEngine,
  nameOrPrefix: string,
  { fd, isUsed }: VolumeArchiveOptions & { readonly fd: number },
): Promise<void> {
  await withMounted(engine, nameOrPrefix, isUsed, (data) => writeTree(data, fd, "exporting the volume"));
}

/**
 * Unpacks an archive into a volume, over what is there: plain tar, or compressed with gzip, zstd, xz or bzip2.
 * Nothing outside of the volume is touched, whatever the archive says and whatever containers do to the volume meanwhile.
 * @param source A path, or the file descriptor 0.
 * @throws {DhowError} `not-found`; `corrupt` for what is no archive; `unsupported` if the program that decompresses is missing.
 */
export async function importVolume(
  engine: VolumeEngine,
  nameOrPrefix: string,
  { source, isUsed }: VolumeArchiveOptions & { readonly source: string | 0 },
): Promise<void> {
  const file = await openSource(source);
  await withMounted(engine, nameOrPrefix, isUsed, async (data) => {
    await extractInto(engine.paths.data, data, await decompressed(file));
  });
}

async function withMounted(
  engine: VolumeEngine,
  nameOrPrefix: string,
  isUsed: VolumeArchiveOptions["isUsed"],
  work: (data: string) => Promise<void>,
): Promise<void> {
  const { name, mountedIn } = engine.volumes.get(nameOrPrefix);
  const data = await mountVolume(engine, name);
  try {
    await work(data);
  } finally {
    if (mountedIn === undefined) await unmountVolume(engine, name, isUsed);
  }
}

async function openSource(source: string | 0): Promise<Readable> {
  const stream = source === 0 ? createReadStream("", { fd: 0, autoClose: false }) : createReadStream(source);
  if (source === 0) return stream;
  try {
    await new Promise((resolve, reject) => stream.once("open", resolve).once("error", reject));
    return stream;
  } catch (cause) {
    const why = errnoOf(cause) === "ENOENT" ? "no such file or directory" : "cannot read it";
    throw new DhowError(`unable open input file: open ${source}: ${why}`, { kind: "not-found", cause });
  }
}

/** Of formats that Node cannot read, the magic number and the program that can. */
const decompressors = [
  { magic: "fd377a585a00", program: "xz" },
  { magic: "425a68", program: "bzip2" },
];

async function decompressed(file: Readable): Promise<AsyncIterable<Buffer>> {
  const chunks = file[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  const { value: first } = await chunks.next();
  const all = prepend(first, chunks);
  const magic = (first ?? Buffer.alloc(0)).toString("hex", 0, 6);
  const found = decompressors.find((each) => magic.startsWith(each.magic));
  if (!found) return (await import("../storage/unpack/decompress.ts")).decompress(all);
  const program = findProgram(found.program);
  if (program === undefined) {
    throw new DhowError(`cannot decompress the archive: ${found.program} is not installed`, { kind: "unsupported" });
  }
  const child = startProgram([program, "-dc"], { stdio: ["pipe", "pipe", "pipe"] });
  const output = child.stdout as Readable;
  ended(child, "decompressing the archive").catch((error: unknown) => output.destroy(error as Error));
  void feed(all, child.stdin as Writable).catch((error: unknown) => output.destroy(error as Error));
  return output;
}

async function* prepend(
  first: Buffer | undefined,
  rest: AsyncIterator<Buffer, undefined>,
): AsyncGenerator<Buffer, void> {
  if (first) yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}
