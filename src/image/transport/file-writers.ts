import { chmodSync, constants, copyFileSync, createReadStream, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import { encodeEntry, endOfArchive, paddingOf } from "../../storage/pack/tar-entry.ts";
import { newTemporaryPath } from "../../storage/temporary.ts";
import { writeFileAtomic } from "../../system/files.ts";
import { type OutputFile, openOutputFile } from "../../system/output-file.ts";

/** Takes the files that make up an image: into a folder or into an archive. Each name is written once. */
export interface FileWriter extends Disposable {
  /** Makes a folder in front of the files in it: some readers want to see it first. */
  addFolder(name: string): Promise<void>;
  addBytes(name: string, bytes: Uint8Array): Promise<void>;
  /** Copies a file of ours. @param onProgress Called with the number of bytes copied so far. */
  addFile(name: string, path: string, onProgress?: (bytes: number) => void): Promise<void>;
  /** Writes what comes, however much it is. */
  addStream(name: string, chunks: AsyncIterable<Buffer>): Promise<void>;
  /** Says that everything is written. Disposed of without it, an archive is not there. */
  finish(): Promise<void>;
}

/** Writes into a folder, which is made if it is missing. Every file is complete when it is there. */
export function folderWriter(folder: string): FileWriter {
  make(folder);
  const place = (name: string) => {
    const path = `${folder}/${name}`;
    if (name.includes("/")) make(dirname(path));
    return path;
  };
  return {
    async addFolder(name) {
      make(`${folder}/${name}`);
    },
    async addBytes(name, bytes) {
      writeFileAtomic(place(name), bytes, { mode: 0o644 });
    },
    async addFile(name, path, onProgress) {
      const target = place(name);
      const size = statSync(path).size;
      if (statSync(target, { throwIfNoEntry: false })?.size !== size) copyAtomic(path, target);
      onProgress?.(size);
    },
    async addStream(name, chunks) {
      await writeStream(place(name), chunks);
    },
    async finish() {},
    [Symbol.dispose]() {},
  };
}

function make(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
  } catch (cause) {
    throw new DhowError(`cannot make the folder ${folder}`, { kind: "permission-denied", cause });
  }
}

function copyAtomic(source: string, target: string): void {
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    copyFileSync(source, temporary, constants.COPYFILE_FICLONE);
    // Blobs are private in the store, but this is the user's file.
    chmodSync(temporary, 0o644);
    renameSync(temporary, target);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new DhowError(`cannot write ${target}`, { kind: "unavailable", cause });
  }
}

async function writeStream(path: string, chunks: AsyncIterable<Buffer>): Promise<void> {
  const output = openOutputFile(path);
  try {
    for await (const chunk of chunks) await output.write(chunk);
    output.publish();
  } finally {
    output.close();
  }
}

/** Writes a tar archive to a file, or to stdout. */
export function archiveWriter(engine: Pick<Engine, "paths">, path: string | undefined): FileWriter {
  const output = openOutputFile(path);
  return { ...tarWriter(engine, output), [Symbol.dispose]: () => output.close() };
}

function tarWriter(engine: Pick<Engine, "paths">, output: OutputFile): Omit<FileWriter, typeof Symbol.dispose> {
  let position = 0;
  const write = async (bytes: Buffer) => {
    await output.write(bytes);
    position += bytes.length;
  };
  const addFile: FileWriter["addFile"] = async (name, path, onProgress) => {
    const { size } = statSync(path);
    await write(header(name, size));
    let copied = 0;
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      await write(chunk as Buffer);
      copied += (chunk as Buffer).length;
      onProgress?.(copied);
    }
    await write(Buffer.alloc(paddingOf(size)));
  };
  return {
    addFolder: (name) =>
      write(encodeEntry({ name: `${name}/`, type: "5", mode: 0o755, uid: 0, gid: 0, size: 0, mtime: 0 })),
    async addBytes(name, bytes) {
      await write(header(name, bytes.length));
      await write(Buffer.from(bytes));
      await write(Buffer.alloc(paddingOf(bytes.length)));
    },
    addFile,
    async addStream(name, chunks) {
      const { patch } = output;
      if (patch === undefined) {
        // The size comes first, and cannot be mended later: the content waits in a file until it is known.
        const path = newTemporaryPath(engine.paths.data);
        try {
          await writeStream(path, chunks);
          await addFile(name, path);
        } finally {
          rmSync(path, { force: true });
        }
        return;
      }
      const start = position;
      const placeholder = header(name, 0);
      await write(placeholder);
      for await (const chunk of chunks) await write(chunk);
      const size = position - start - placeholder.length;
      patch(header(name, size), start);
      await write(Buffer.alloc(paddingOf(size)));
    },
    async finish() {
      await write(endOfArchive);
      output.publish();
    },
  };
}

/** The header of a file of that size, always as long for the same name. */
function header(name: string, size: number): Buffer {
  const entry = { name, type: "0", mode: 0o444, uid: 0, gid: 0, mtime: 0 } as const;
  if (size <= largestOctalSize) return encodeEntry({ ...entry, size });
  const block = encodeEntry({ ...entry, size: 0 });
  block.fill(0, 124, 136);
  block[124] = 0x80;
  block.writeBigUInt64BE(BigInt(size), 128);
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

/** Eleven octal digits; more is written in GNU's binary form, which every reader knows. */
const largestOctalSize = 2 ** 33 - 1;
