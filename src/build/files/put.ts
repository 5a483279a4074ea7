import {
  chmodSync,
  chownSync,
  constants,
  copyFileSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readlinkSync,
  rmSync,
  type Stats,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from "node:fs";
import { posix } from "node:path";
import { resolveInRoot } from "../../container/spec/rootfs-path.ts";
import { DhowError, errnoOf } from "../../errors.ts";
import {
  type BytePath,
  baseOf,
  fromSystemPath,
  joinPath,
  parentOf,
  toSystemPath,
} from "../../storage/unpack/byte-path.ts";
import { libc } from "../../system/libc.ts";
import type { ChangeMode } from "./modes.ts";
import type { SourceEntry, SourceItem } from "./select.ts";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface PutOptions {
  /** Where the root filesystem is mounted, on which nothing runs. */
  readonly rootfs: string;
  /** Absolute path in it; with a slash at its end for a folder. */
  readonly destination: string;
  /** Undefined: as the files have it. */
  readonly owner: Owner | undefined;
  readonly changeMode: ChangeMode | undefined;
  /** Whether what an item is called is part of where it goes in any case. */
  readonly intoFolder: boolean;
}

const batch = 100;

/**
 * Copies files into a root filesystem. Links in it are followed as they lead within it; one in the place of a file is replaced.
 * Times and modes are kept, and files that are one file stay one.
 */
export async function putItems(items: readonly SourceItem[], options: PutOptions): Promise<void> {
  const { destination } = options;
  const isFolder = options.intoFolder || destination.endsWith("/") || isDirectoryAt(options, destination);
  const copier = new TreeCopier(options);
  for (const item of items) {
    const [base, rename] =
      item.isDirectory || isFolder
        ? [destination, undefined]
        : [posix.dirname(destination), posix.basename(destination)];
    copier.enter(base);
    for (const [index, entry] of item.entries.entries()) {
      copier.put(rename === undefined ? entry : { ...entry, target: fromSystemPath(rename) });
      if (index % batch === batch - 1) await new Promise((resolve) => setImmediate(resolve));
    }
    copier.leave();
  }
}

function isDirectoryAt({ rootfs }: PutOptions, path: string): boolean {
  return lstatSync(resolveInRoot(rootfs, path), { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Puts entries below one folder after the other. */
class TreeCopier {
  readonly #options: PutOptions;
  /** First places of files with several names. */
  readonly #linked = new Map<string, BytePath>();
  /** Where the folders of the item are in the root filesystem, by their target. */
  #folders = new Map<BytePath, BytePath>();
  /** Folders that were made here: nothing can be in their way. */
  readonly #fresh = new Set<BytePath>();
  /** Their times are set when they are complete. */
  #times: (readonly [BytePath, Stats])[] = [];

  constructor(options: PutOptions) {
    this.#options = options;
  }

  /** @param base Absolute path in the root filesystem of the folder that the item goes to; it is made if it is missing. */
  enter(base: string): void {
    const { rootfs, owner } = this.#options;
    const path = resolveInRoot(rootfs, base);
    makeFolders(rootfs, path, owner ?? { uid: 0, gid: 0 });
    this.#folders = new Map([["", fromSystemPath(path)]]);
    this.#times = [];
  }

  leave(): void {
    for (const [path, stats] of this.#times.reverse()) utimesSync(toSystemPath(path), stats.atime, stats.mtime);
  }

  put(entry: SourceEntry): void {
    const { target, stats } = entry;
    if (stats.isDirectory()) {
      this.#putFolder(target, stats);
      return;
    }
    const folder = this.#folders.get(parentOf(target)) ?? this.#putFolder(parentOf(target), undefined);
    const path = `${folder}/${baseOf(target)}`;
    if (!this.#fresh.has(folder)) clear(path);
    this.#putLeaf(entry, path);
  }

  #putFolder(target: BytePath, stats: Stats | undefined): BytePath {
    const path = target === "" ? (this.#folders.get("") as BytePath) : this.#placeOf(target);
    if (target !== "" && makeFolder(path)) this.#fresh.add(path);
    this.#folders.set(target, path);
    // A folder that was there keeps how it looks only if it is where everything goes to.
    if (stats !== undefined && (target !== "" || this.#isNew(path))) this.#dress(path, stats);
    return path;
  }

  /** Only a folder that was made for this item looks like it. */
  #isNew(path: BytePath): boolean {
    return this.#fresh.has(path);
  }

  #placeOf(target: BytePath): BytePath {
    const parent = this.#folders.get(parentOf(target)) ?? this.#putFolder(parentOf(target), undefined);
    const path = joinPath(parent, baseOf(target));
    if (this.#fresh.has(parent)) return path;
    const there = lstatSync(toSystemPath(path), { throwIfNoEntry: false });
    if (!there?.isSymbolicLink()) return path;
    const { rootfs } = this.#options;
    const inside = Buffer.from(path.slice(fromSystemPath(rootfs).length), "latin1").toString();
    return fromSystemPath(resolveInRoot(rootfs, inside));
  }

  #putLeaf({ path: source, stats }: SourceEntry, path: BytePath): void {
    const [from, to] = [toSystemPath(source), toSystemPath(path)];
    const identity = stats.nlink > 1 ? `${stats.dev}:${stats.ino}` : undefined;
    const first = identity === undefined ? undefined : this.#linked.get(identity);
    if (first !== undefined) {
      linkSync(toSystemPath(first), to);
      return;
    }
    if (stats.isSymbolicLink()) symlinkSync(readlinkSync(from, { encoding: "buffer" }), to);
    else if (stats.isFile()) copyFile(from, to);
    else libc().mknod(to, stats.mode, { major: 0, minor: 0 });
    if (identity !== undefined) this.#linked.set(identity, path);
    this.#dress(path, stats);
  }

  #dress(path: BytePath, stats: Stats): void {
    const { owner, changeMode } = this.#options;
    const systemPath = toSystemPath(path);
    const { uid, gid } = owner ?? stats;
    if (stats.isSymbolicLink()) {
      lchownSync(systemPath, uid, gid);
      lutimesSync(systemPath, stats.atime, stats.mtime);
      return;
    }
    chownSync(systemPath, uid, gid);
    const mode = changeMode ? changeMode(stats.mode, stats.isDirectory()) : stats.mode;
    chmodSync(systemPath, mode & 0o7777);
    if (stats.isDirectory()) this.#times.push([path, stats]);
    else utimesSync(systemPath, stats.atime, stats.mtime);
  }
}

function copyFile(from: string | Buffer, to: string | Buffer): void {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  } catch (cause) {
    if (errnoOf(cause) !== "EACCES") throw cause;
    throw new DhowError(`cannot read ${from}`, { kind: "permission-denied", cause });
  }
}

/** @returns Whether there was none. */
function makeFolder(path: BytePath): boolean {
  const systemPath = toSystemPath(path);
  const there = lstatSync(systemPath, { throwIfNoEntry: false });
  if (there?.isDirectory()) return false;
  if (there) unlinkSync(systemPath);
  mkdirSync(systemPath, { mode: 0o755 });
  return true;
}

/** Makes way for a file. */
function clear(path: BytePath): void {
  const systemPath = toSystemPath(path);
  const there = lstatSync(systemPath, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (there.isDirectory()) {
    throw new DhowError(`cannot overwrite the directory ${Buffer.from(baseOf(path), "latin1")} with a file`, {
      kind: "invalid-argument",
    });
  }
  rmSync(systemPath);
}

/** Makes a folder of the root filesystem with its parents; those that are made get the owner. @param path On the host. */
export function makeFolders(rootfs: string, path: string, { uid, gid }: Owner): void {
  const missing: string[] = [];
  for (let next = path; next.length > rootfs.length; next = posix.dirname(next)) {
    const there = lstatSync(next, { throwIfNoEntry: false });
    if (there?.isDirectory()) break;
    if (there) {
      throw new DhowError(`cannot make the directory ${next.slice(rootfs.length)}: a file is in its place`, {
        kind: "invalid-argument",
      });
    }
    missing.push(next);
  }
  for (const folder of missing.reverse()) {
    mkdirSync(folder, { mode: 0o755 });
    chownSync(folder, uid, gid);
  }
}
