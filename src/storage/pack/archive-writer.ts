import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync, type Stats } from "node:fs";
import { errnoOf } from "../../errors.ts";
import { type BytePath, baseOf, joinPath, parentOf } from "../unpack/byte-path.ts";
import type { ArchiveSink } from "./archive-sink.ts";
import { type EntryType, encodeEntry, endOfArchive, paddingOf, type TarEntry } from "./tar-entry.ts";
import { opaqueName, type TreeItem, whiteoutPrefix } from "./tree-items.ts";
import { identityOf, type TreeNode } from "./tree-walk.ts";
import { keptXattrs } from "./xattrs.ts";

/** Turns what a layer says into an archive. */
export interface ArchiveWriter {
  /** The node of an entry must still be reachable. */
  add(item: TreeItem): Promise<void>;
  /** The folder that everything is in: for a layer that says how it looks. */
  addRoot(path: string, stats: Stats): Promise<void>;
  finish(): Promise<void>;
  /** Bytes of the content of regular files. */
  readonly contentBytes: number;
}

/** Why something is not in the archive as it is in the tree. */
export type PackProblem = "changed" | "unrepresentable";

export function createArchiveWriter(
  sink: ArchiveSink,
  warn: (problem: PackProblem, path: BytePath) => void,
  time: (seconds: number) => number = (seconds) => seconds,
): ArchiveWriter {
  /** First paths of files that have several, by their identity. */
  const linked = new Map<string, BytePath>();
  let contentBytes = 0;
  const push = (entry: TarEntry) => sink.push(encodeEntry({ ...entry, mtime: time(entry.mtime) }));

  const addFile = async (node: TreeNode) => {
    const identity = node.stats.nlink > 1 ? identityOf(node) : undefined;
    const first = identity === undefined ? undefined : linked.get(identity);
    if (first !== undefined) {
      await push({ ...describe(node, "1"), linkName: first });
      return;
    }
    const size = await writeFile({ sink, push }, node, () => warn("changed", node.path));
    if (size === undefined) return;
    contentBytes += size;
    if (identity !== undefined) linked.set(identity, node.path);
  };
  const addNode = async (node: TreeNode) => {
    const type = typeOf(node.stats);
    if (type === "0") return addFile(node);
    const entry = type === undefined ? undefined : describeSpecial(node, type);
    if (entry) await push(entry);
  };

  return {
    get contentBytes() {
      return contentBytes;
    },
    async add(item) {
      switch (item.type) {
        case "entry":
          return addNode(item.node);
        case "deleted":
          return sink.push(whiteout(joinPath(parentOf(item.path), `${whiteoutPrefix}${baseOf(item.path)}`)));
        case "opaque":
          return sink.push(whiteout(joinPath(item.path, opaqueName)));
        case "unrepresentable":
          return warn("unrepresentable", item.path);
      }
    },
    async addRoot(path, stats) {
      await push({ ...describe({ path: ".", name: ".", stats, systemPath: path }, "5"), name: "./" });
    },
    finish: () => sink.push(endOfArchive),
  };
}

function whiteout(name: BytePath): Buffer {
  return encodeEntry({ name, type: "0", mode: 0, uid: 0, gid: 0, size: 0, mtime: 0 });
}

/** Undefined for sockets, which mean nothing without the process that made them. */
function typeOf(stats: Stats): EntryType | undefined {
  if (stats.isFile()) return "0";
  if (stats.isDirectory()) return "5";
  if (stats.isSymbolicLink()) return "2";
  if (stats.isCharacterDevice()) return "3";
  if (stats.isBlockDevice()) return "4";
  return stats.isFIFO() ? "6" : undefined;
}

function describe({ path, stats, systemPath }: TreeNode, type: EntryType): TarEntry {
  return {
    name: path,
    type,
    mode: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
    size: 0,
    mtime: Math.floor(stats.mtimeMs / 1000),
    ...(type === "1" ? {} : { xattrs: keptXattrs(systemPath) }),
  };
}

/** Undefined if it has gone. */
function describeSpecial(node: TreeNode, type: EntryType): TarEntry | undefined {
  const entry = describe(node, type);
  switch (type) {
    case "5":
      return { ...entry, name: `${node.path}/` };
    case "2": {
      const linkName = tryReadLink(node);
      // Some file systems take no attributes of links, so that readers would stumble.
      return linkName === undefined ? undefined : { ...entry, linkName, mode: 0o777 };
    }
    case "3":
    case "4":
      return { ...entry, device: splitDevice(BigInt(node.stats.rdev)) };
    default:
      return entry;
  }
}

function tryReadLink({ systemPath }: TreeNode): BytePath | undefined {
  try {
    return readlinkSync(systemPath, { encoding: "latin1" });
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** As glibc's major() and minor(). */
function splitDevice(device: bigint): { major: number; minor: number } {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  return { major: Number(major), minor: Number(minor) };
}

/** @returns The size that the file had when it was opened; undefined if it has gone or is no file any more. */
async function writeFile(
  { sink, push }: { readonly sink: ArchiveSink; readonly push: (entry: TarEntry) => Promise<void> },
  node: TreeNode,
  changed: () => void,
): Promise<number | undefined> {
  const fd = openFile(node);
  if (fd === undefined) return undefined;
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) return undefined;
    await push({ ...describe({ ...node, stats }, "0"), size: stats.size });
    if (await writeContent(sink, fd, stats.size)) changed();
    await sink.push(Buffer.alloc(paddingOf(stats.size)));
    return stats.size;
  } finally {
    closeSync(fd);
  }
}

/** Not the target of a link, and without waiting for the other end of a fifo, should something else be there by now. */
function openFile({ systemPath }: TreeNode): number | undefined {
  try {
    return openSync(systemPath, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return ["ENOENT", "ELOOP", "ENOTDIR", "ENXIO", "EINVAL"].includes(errnoOf(error) ?? "");
}

/**
 * Writes exactly so many bytes, straight into the sink's memory. Holes are read as zeros, which costs no disk and compresses to
 * nothing.
 * @returns Whether the file got shorter meanwhile: zeros stand for what is missing.
 */
async function writeContent(sink: ArchiveSink, fd: number, size: number): Promise<boolean> {
  let isShort = false;
  for (let left = size; left > 0; ) {
    const space = sink.space();
    const wanted = Math.min(space.length, left);
    let count = isShort ? 0 : readSync(fd, space, 0, wanted, null);
    if (count === 0) {
      isShort = true;
      space.fill(0, 0, wanted);
      count = wanted;
    }
    left -= count;
    await sink.filled(count);
  }
  return isShort;
}
