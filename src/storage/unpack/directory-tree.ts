import { chmodSync, lstatSync, mkdirSync, readdirSync, readlinkSync, rmdirSync, type Stats, unlinkSync } from "node:fs";
import { DhowError } from "../../errors.ts";
import { type BytePath, baseOf, fromSystemPath, joinPath, parentOf, showPath, toSystemPath } from "./byte-path.ts";

/** A directory that is known to be a real one inside the tree. */
export interface Directory {
  /** From the root of the tree, free of symbolic links. */
  readonly real: BytePath;
  /** Absolute. */
  readonly path: BytePath;
  /** Whether what is made in it takes its group instead of ours. */
  readonly isSetgid: boolean;
}

export interface DirectoryTree {
  readonly root: Directory;
  /**
   * The directory that a path means if the tree were the root file system: symbolic links on the way are followed inside
   * the tree, and never out of it. Missing directories are made.
   * @throws {DhowError} `corrupt` if something that is no directory is in the way.
   */
  resolve(path: BytePath): Directory;
  /** The same without making anything: undefined if it does not exist. */
  find(path: BytePath): Directory | undefined;
  /** Notes a directory that was just made. */
  add(directory: Directory): void;
  /** Removes whatever is there, with what is in it. */
  remove(parent: Directory, name: BytePath): void;
}

export interface DirectoryTreeHooks {
  /** Called for each missing directory after it was made. */
  madeParent(directory: Directory): void;
  /** Something that is no directory is where one is needed: whether to put a directory in its place. */
  mayReplace(real: BytePath, stats: Stats): boolean;
}

/** As the kernel. */
const maxLinks = 40;

/**
 * Keeps track of the directories of a tree that only we change.
 * Every component of every path was seen with lstat, so that nothing in an archive can make us follow a link out of the tree.
 */
export function openDirectoryTree(rootDirectory: string, hooks: DirectoryTreeHooks): DirectoryTree {
  const rootPath = fromSystemPath(rootDirectory);
  const root: Directory = { real: "", path: rootPath, isSetgid: isSetgid(lstatSync(rootDirectory)) };
  const walk: Walk = { root, known: new Map([["", root]]), hooks, makesMissing: true, links: 0 };
  const start = (path: BytePath, makesMissing: boolean) => {
    const known = walk.known.get(path);
    if (known) return known;
    walk.links = 0;
    walk.makesMissing = makesMissing;
    return resolve(walk, path);
  };
  return {
    root,
    resolve: (path) => start(path, true) as Directory,
    find: (path) => start(path, false),
    add: (directory) => void walk.known.set(directory.real, directory),
    remove(parent, name) {
      const wasFile = removeTree(`${parent.path}/${name}`);
      if (wasFile) return;
      walk.known.clear();
      walk.known.set("", root);
    },
  };
}

interface Walk {
  readonly root: Directory;
  /** By path as archives name it: may lead through symbolic links. Emptied when a directory or link is removed. */
  readonly known: Map<BytePath, Directory>;
  readonly hooks: DirectoryTreeHooks;
  makesMissing: boolean;
  links: number;
}

function resolve(walk: Walk, path: BytePath): Directory | undefined {
  const known = walk.known.get(path);
  if (known) return known;
  const parent = resolve(walk, parentOf(path));
  if (!parent) return undefined;
  const found = step(walk, parent, baseOf(path));
  if (found) walk.known.set(path, found);
  return found;
}

/** Goes from a directory to what a name in it leads to. */
function step(walk: Walk, parent: Directory, name: BytePath): Directory | undefined {
  const real = joinPath(parent.real, name);
  const known = walk.known.get(real);
  if (known?.real === real) return known;
  const path = `${parent.path}/${name}`;
  const stats = lstatSync(toSystemPath(path), { throwIfNoEntry: false });
  if (!stats) return walk.makesMissing ? make(walk, real, path) : undefined;
  if (stats.isDirectory()) return { real, path, isSetgid: isSetgid(stats) };
  if (stats.isSymbolicLink()) return followLink(walk, parent, path);
  if (!walk.makesMissing) return undefined;
  if (!walk.hooks.mayReplace(real, stats)) {
    throw new DhowError(`cannot unpack layer: ${showPath(real)} is used as a directory, but is none`, {
      kind: "corrupt",
    });
  }
  unlinkSync(toSystemPath(path));
  return make(walk, real, path);
}

function make(walk: Walk, real: BytePath, path: BytePath): Directory {
  mkdirSync(toSystemPath(path), 0o755);
  // The umask may have taken bits away.
  chmodSync(toSystemPath(path), 0o755);
  const directory = { real, path, isSetgid: false };
  walk.hooks.madeParent(directory);
  return directory;
}

function followLink(walk: Walk, parent: Directory, path: BytePath): Directory | undefined {
  if (++walk.links > maxLinks) {
    throw new DhowError(
      `cannot unpack layer: too many symbolic links at ${showPath(path.slice(walk.root.path.length + 1))}`,
      {
        kind: "corrupt",
      },
    );
  }
  const target = readlinkSync(toSystemPath(path), { encoding: "latin1" });
  let current: Directory | undefined = target.startsWith("/") ? walk.root : parent;
  for (const part of target.split("/")) {
    if (!current) return undefined;
    if (part === "" || part === ".") continue;
    // The parent of the root is the root, as for a process in a chroot.
    current = part === ".." ? resolve(walk, parentOf(current.real)) : resolve(walk, joinPath(current.real, part));
  }
  return current;
}

/** Removes a file, link or directory with all that is in it, following nothing. Returns whether it was a plain file. */
function removeTree(path: BytePath): boolean {
  const stats = lstatSync(toSystemPath(path), { throwIfNoEntry: false });
  if (!stats) return true;
  if (!stats.isDirectory()) {
    unlinkSync(toSystemPath(path));
    return !stats.isSymbolicLink();
  }
  for (const name of readdirSync(toSystemPath(path), { encoding: "latin1" })) removeTree(`${path}/${name}`);
  rmdirSync(toSystemPath(path));
  return false;
}

function isSetgid(stats: Stats): boolean {
  return (stats.mode & 0o2000) !== 0;
}
