import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { DhowError, errnoOf } from "../../errors.ts";
import { libc } from "../../system/libc.ts";
import { type BytePath, fromSystemPath, parentOf, toSystemPath } from "../unpack/byte-path.ts";
import type { TarEntry, TarSink } from "../unpack/tar-parser.ts";
import type { Owner, PutOptions } from "./messages.ts";

/** Unpacks an archive into a folder of the root that this process is confined to. */
export interface Putter extends TarSink {
  /** Gives folders their times. @returns What could not be done as it is in the archive. */
  finish(): string[];
}

export function createPutter(options: PutOptions): Putter {
  const session: Session = {
    ...{ options, base: fromSystemPath(options.directory).replace(/\/$/, "") },
    ...{ folders: new Map(), problems: new Set(), file: undefined },
  };
  return {
    entry: (entry) => putEntry(session, entry),
    data(chunk) {
      const { file } = session;
      if (file) for (let at = 0; at < chunk.length; ) at += writeSync(file.fd, chunk, at);
    },
    endEntry() {
      const { file } = session;
      if (!file) return;
      session.file = undefined;
      try {
        dress(session, file);
      } finally {
        closeSync(file.fd);
      }
    },
    finish() {
      for (const [path, seconds] of session.folders) utimesSync(toSystemPath(path), seconds, seconds);
      return [...session.problems];
    },
  };
}

interface Session {
  readonly options: PutOptions;
  readonly base: BytePath;
  /** Folders get their times at the end. */
  readonly folders: Map<BytePath, number>;
  readonly problems: Set<string>;
  file: (Placed & { readonly fd: number }) | undefined;
}

/** An entry and where it goes. */
interface Placed {
  readonly entry: TarEntry;
  readonly path: BytePath;
}

function putEntry(session: Session, entry: TarEntry): void {
  const name = insideName(entry.name);
  if (name === "") return;
  if (entry.sparse) throw new DhowError("archives with sparse files cannot be copied", { kind: "unsupported" });
  const placed = { entry, path: `${session.base}/${name}` };
  makeParents(session, placed.path);
  switch (entry.type) {
    case "0":
      session.file = { ...placed, fd: createFile(session, placed) };
      return;
    case "5":
      putFolder(session, placed);
      return;
    case "1":
      makeSpecial(session, placed, (path) =>
        linkSync(toSystemPath(`${session.base}/${insideName(entry.linkName)}`), path),
      );
      return;
    case "2":
      makeSpecial(session, placed, (path) => symlinkSync(toSystemPath(entry.linkName), path));
      dressPath(session, placed);
      return;
    default:
      putDevice(session, placed);
  }
}

/** As tar does it: nothing leads above the folder. */
function insideName(name: BytePath): BytePath {
  const parts: string[] = [];
  for (const part of name.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

function makeParents({ options, base }: Session, path: BytePath): void {
  const missing: BytePath[] = [];
  for (let folder = parentOf(path); folder.length > base.length; folder = parentOf(folder)) {
    if (lstatSync(toSystemPath(folder), { throwIfNoEntry: false })) break;
    missing.push(folder);
  }
  for (const folder of missing.reverse()) {
    mkdirSync(toSystemPath(folder), 0o755);
    if (options.owner) lchownSync(toSystemPath(folder), options.owner.uid, options.owner.gid);
  }
}

const createFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

function createFile(session: Session, { path, entry }: Placed): number {
  const systemPath = toSystemPath(path);
  try {
    return openSync(systemPath, createFlags, entry.mode & 0o700);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
  if (!clear(session, path)) {
    // Something is mounted on it, as on /etc/hosts: its content can be replaced, itself not.
    return openSync(systemPath, constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW);
  }
  return openSync(systemPath, createFlags, entry.mode & 0o700);
}

/** Removes what is no folder, and folders if they may be replaced. @returns False if it cannot be removed. */
function clear({ options }: Session, path: BytePath): boolean {
  const systemPath = toSystemPath(path);
  const stats = lstatSync(systemPath, { throwIfNoEntry: false });
  if (!stats) return true;
  if (stats.isDirectory()) {
    if (!options.overwrite) throw inTheWay(path, "a directory");
    rmSync(systemPath, { recursive: true, force: true });
    return true;
  }
  try {
    unlinkSync(systemPath);
    return true;
  } catch (error) {
    if (errnoOf(error) === "EBUSY") return false;
    throw error;
  }
}

function putFolder(session: Session, placed: Placed): void {
  const { path, entry } = placed;
  const systemPath = toSystemPath(path);
  const existing = lstatSync(systemPath, { throwIfNoEntry: false });
  // A link to a folder stands for the folder, inside of the same root.
  if (existing && !existing.isDirectory() && !isFolderBehindLink(path)) {
    if (!session.options.overwrite) throw inTheWay(path, "not a directory");
    clear(session, path);
  }
  if (!existing?.isDirectory() && !isFolderBehindLink(path)) mkdirSync(systemPath, 0o700);
  dressPath(session, placed);
  session.folders.set(path, entry.mtime.seconds);
}

function isFolderBehindLink(path: BytePath): boolean {
  try {
    closeSync(openSync(toSystemPath(path), constants.O_RDONLY | constants.O_DIRECTORY));
    return true;
  } catch {
    return false;
  }
}

function putDevice(session: Session, placed: Placed): void {
  const { entry } = placed;
  const modes: Readonly<Record<string, number>> = { "3": 0o020000, "4": 0o060000, "6": 0o010000 };
  const mode = modes[entry.type];
  if (mode === undefined) return;
  if (entry.type !== "6" && session.options.skipsDevices) return;
  try {
    makeSpecial(session, placed, (path) => libc().mknod(path, mode | 0o600, entry.device));
    dressPath(session, placed);
  } catch (error) {
    if (errnoOf(error) !== "EPERM") throw error;
    session.problems.add("devices were left out, which a user cannot make");
  }
}

function makeSpecial(session: Session, { path }: Placed, make: (path: Buffer | string) => void): void {
  const systemPath = toSystemPath(path);
  try {
    make(systemPath);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    clear(session, path);
    make(systemPath);
  }
}

function dress(session: Session, { fd, entry, path }: Placed & { readonly fd: number }): void {
  giveTo(session, entry, ({ uid, gid }) => fchownSync(fd, uid, gid));
  fchmodSync(fd, entry.mode);
  setXattrs(session, path, entry);
  futimesSync(fd, entry.mtime.seconds, entry.mtime.seconds);
}

function dressPath(session: Session, { entry, path }: Placed): void {
  const systemPath = toSystemPath(path);
  giveTo(session, entry, ({ uid, gid }) => lchownSync(systemPath, uid, gid));
  if (entry.type !== "2") chmodSync(systemPath, entry.mode);
  setXattrs(session, path, entry);
  if (entry.type !== "5") lutimesSync(systemPath, entry.mtime.seconds, entry.mtime.seconds);
}

/** An owner that does not exist in this user namespace cannot be had: it stays root's, as what root makes. */
function giveTo(session: Session, entry: TarEntry, chown: (owner: Owner) => void): void {
  const owner = session.options.owner ?? entry;
  try {
    chown(owner);
  } catch (error) {
    if (errnoOf(error) !== "EINVAL" && errnoOf(error) !== "EPERM") throw error;
    session.problems.add(`what belongs to ${owner.uid}:${owner.gid} was given to root: that owner is not available`);
  }
}

function setXattrs({ problems }: Session, path: BytePath, { xattrs }: TarEntry): void {
  for (const [name, value] of xattrs) {
    if (!/^(?:user\.(?!overlay\.|fuseoverlayfs\.|containers\.)|security\.capability$)/.test(name)) continue;
    try {
      libc().setXattr(toSystemPath(path), name, value);
    } catch {
      problems.add(`the attribute ${name} could not be set`);
    }
  }
}

function inTheWay(path: BytePath, what: string): DhowError {
  const shown = Buffer.from(path, "latin1").toString();
  return new DhowError(`error creating ${JSON.stringify(shown)}: it exists and is ${what}: file exists`, {
    kind: "already-exists",
    hint: "use --overwrite to replace it",
  });
}
