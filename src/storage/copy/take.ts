import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
} from "node:fs";
import { errnoOf } from "../../errors.ts";
import { libc } from "../../system/libc.ts";
import { type EntryType, encodeEntry, endOfArchive, paddingOf, type TarEntry } from "../pack/tar-entry.ts";
import { type BytePath, fromSystemPath, toSystemPath } from "../unpack/byte-path.ts";

const chunkBytes = 1 << 18;
/** What programs need to work, and what users wrote. */
const keptXattr = /^(?:user\.|security\.capability$)/;

/**
 * A file or a folder with all that is in it, as a tar archive. Links in it are archived, not followed. What goes away
 * meanwhile is left out.
 *
 * @param name What the root of the archive is called; undefined for the content of a folder alone.
 */
export function* takeTree(path: string, name: string | undefined): Generator<Buffer, void> {
  const walk: Walk = { linked: new Map() };
  const root = fromSystemPath(path);
  if (name === undefined) yield* takeContent(walk, root, "");
  else yield* takeNode(walk, root, fromSystemPath(name));
  yield endOfArchive;
}

interface Walk {
  /** Names of files that have several, by device and inode. */
  readonly linked: Map<string, BytePath>;
}

function* takeContent(walk: Walk, folder: BytePath, prefix: BytePath): Generator<Buffer, void> {
  let names: string[];
  try {
    names = readdirSync(toSystemPath(folder), { encoding: "latin1" }).sort();
  } catch (error) {
    if (isGone(error)) return;
    throw error;
  }
  for (const name of names) yield* takeNode(walk, `${folder}/${name}`, prefix === "" ? name : `${prefix}/${name}`);
}

function* takeNode(walk: Walk, path: BytePath, name: BytePath): Generator<Buffer, void> {
  const stats = lstatSync(toSystemPath(path), { throwIfNoEntry: false });
  if (!stats) return;
  if (stats.isDirectory()) {
    yield encodeEntry({ ...describe(path, stats), name: `${name}/`, type: "5" });
    yield* takeContent(walk, path, name);
  } else if (stats.isFile()) {
    yield* takeFile(walk, path, name);
  } else {
    const type = specialType(stats);
    if (type === undefined) return;
    const linkName = type === "2" ? readlinkSync(toSystemPath(path), { encoding: "latin1" }) : undefined;
    const device = { major: major(stats.rdev), minor: minor(stats.rdev) };
    yield encodeEntry({
      ...describe(path, stats),
      name,
      type,
      ...(linkName === undefined ? {} : { linkName }),
      ...(type === "3" || type === "4" ? { device } : {}),
    });
  }
}

function* takeFile({ linked }: Walk, path: BytePath, name: BytePath): Generator<Buffer, void> {
  let fd: number;
  try {
    // Something else may have taken its place: a fifo would make us wait for ever.
    fd = openSync(toSystemPath(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isGone(error)) return;
    throw error;
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) return;
    const identity = `${stats.dev}:${stats.ino}`;
    const first = stats.nlink > 1 ? linked.get(identity) : undefined;
    if (first !== undefined) {
      yield encodeEntry({ ...describe(path, stats), name, type: "1", linkName: first });
      return;
    }
    linked.set(identity, name);
    yield encodeEntry({ ...describe(path, stats), name, type: "0", size: stats.size });
    yield* readContent(fd, stats.size);
  } finally {
    closeSync(fd);
  }
}

/** Exactly so many bytes: the header has promised them. A file that became shorter ends in zeros. */
function* readContent(fd: number, size: number): Generator<Buffer, void> {
  for (let position = 0; position < size; ) {
    const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, size - position));
    const count = readSync(fd, chunk, 0, chunk.length, position);
    if (count === 0) chunk.fill(0);
    position += count || chunk.length;
    yield count === 0 ? chunk : chunk.subarray(0, count);
  }
  yield Buffer.alloc(paddingOf(size));
}

function describe(path: BytePath, { mode, uid, gid, mtimeMs }: Stats): Omit<TarEntry, "name" | "type"> {
  const xattrs = readXattrs(path);
  return {
    ...{ mode: mode & 0o7777, uid, gid, size: 0, mtime: Math.floor(mtimeMs / 1000) },
    ...(xattrs.size > 0 ? { xattrs } : {}),
  };
}

function readXattrs(path: BytePath): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  try {
    for (const name of libc().listXattrs(toSystemPath(path))) {
      if (!keptXattr.test(name) || name.includes("=")) continue;
      const value = libc().getXattr(toSystemPath(path), name);
      if (value) found.set(name, value);
    }
  } catch {
    // A file system without attributes, or a file that has gone.
  }
  return found;
}

function specialType(stats: Stats): EntryType | undefined {
  if (stats.isSymbolicLink()) return "2";
  if (stats.isCharacterDevice()) return "3";
  if (stats.isBlockDevice()) return "4";
  // A socket is of no use without its program.
  return stats.isFIFO() ? "6" : undefined;
}

function major(device: number): number {
  return (device >> 8) & 0xfff;
}

function minor(device: number): number {
  return (device & 0xff) | ((device >> 12) & 0xfff00);
}

function isGone(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "ELOOP", "ENXIO"].includes(errnoOf(error) ?? "");
}
