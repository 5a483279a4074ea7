import { closeSync, lstatSync, mkdirSync, type Stats } from "node:fs";
import { DhowError, errnoOf } from "../../errors.ts";
import { type BytePath, baseOf, joinPath, normalizeName, parentOf, showPath, toSystemPath } from "./byte-path.ts";
import { type Directory, type DirectoryTree, openDirectoryTree } from "./directory-tree.ts";
import { createFile, type OpenFile } from "./file-writer.ts";
import { copyUp, createLowerLayers, type LowerLayers, lowerMetadata } from "./lower-layers.ts";
import { dressFile, dressPath, type Metadata } from "./metadata.ts";
import { isHardLinkDone, makeDevice, makeFifo, makeSymlink, type Place } from "./nodes.ts";
import { createOwnerOf, type IdRanges, type OwnerOf } from "./ownership.ts";
import { createTally, type Tally } from "./tally.ts";
import type { TarEntry, TarSink } from "./tar-parser.ts";
import { createWhiteouts, isWhiteoutName, type WhiteoutMode, type Whiteouts } from "./whiteouts.ts";

export interface LayerWriterOptions {
  /** Absolute; only we change it while we work. */
  readonly directory: string;
  readonly whiteouts: WhiteoutMode;
  readonly lowerDirectories: readonly string[];
  readonly ids: IdRanges;
  readonly maxEntries: number;
  readonly maxBytes: number;
}

export interface LayerWriter extends TarSink {
  /** Gives directories their modes and times and tells what was done. */
  finish(): { readonly sizeBytes: number; readonly entries: number; readonly warnings: readonly string[] };
  /** Closes what is open after a failure. */
  abort(): void;
}

/** Writes the entries of a layer archive into a directory. Nothing outside of it is touched, whatever the archive says. */
export function createLayerWriter(options: LayerWriterOptions): LayerWriter {
  const session = openSession(options);
  return {
    entry: (entry) => startEntry(session, entry),
    data(chunk) {
      if (!session.file) return;
      session.sizeBytes += chunk.length;
      if (session.sizeBytes > options.maxBytes) throw tooLarge(`more than ${options.maxBytes} bytes`);
      session.file.write(chunk);
    },
    endEntry: () => endEntry(session),
    finish: () => finish(session),
    abort() {
      if (session.file) closeSync(session.file.fd);
      session.file = undefined;
    },
  };
}

interface Session {
  readonly options: LayerWriterOptions;
  readonly tree: DirectoryTree;
  readonly whiteouts: Whiteouts;
  readonly lower: LowerLayers;
  readonly ownerOf: OwnerOf;
  readonly tallies: Tallies;
  /** Directories get modes and times at the end, when nothing more is made in them. */
  readonly directories: Map<BytePath, Metadata>;
  /** The regular file whose content is coming. */
  file: (OpenFile & Place & { readonly metadata: Metadata }) | undefined;
  sizeBytes: number;
  entries: number;
}

interface Tallies {
  readonly squashes: Tally;
  readonly devices: Tally;
  readonly unknown: Tally;
  readonly xattrs: Tally;
}

function openSession(options: LayerWriterOptions): Session {
  const tallies = createTallies();
  let displaced: Stats | undefined;
  const whiteouts = createWhiteouts(options.whiteouts, () => tree);
  const tree = openDirectoryTree(options.directory, {
    mayReplace(real, stats) {
      displaced = stats;
      return whiteouts.mayReplace(real, stats);
    },
    madeParent(directory) {
      if (displaced) whiteouts.replaced(displaced, directory);
      else inheritMetadata(directory);
      displaced = undefined;
    },
  });
  const lower = createLowerLayers(options.whiteouts === "overlay" ? options.lowerDirectories : []);
  const directories: Session["directories"] = new Map();
  // An archive may leave out a directory that the layers below have: it has to stay as it is there.
  const inheritMetadata = ({ real }: Directory) => {
    const below = lower.find(real);
    if (below?.stats.isDirectory()) directories.set(real, lowerMetadata(real, below));
  };
  return {
    lower,
    directories,
    options,
    tree,
    whiteouts,
    ownerOf: createOwnerOf(options.ids, tallies.squashes),
    tallies,
    file: undefined,
    sizeBytes: 0,
    entries: 0,
  };
}

function createTallies(): Tallies {
  const files = (count: number) => (count === 1 ? "1 file" : `${count} files`);
  return {
    squashes: createTally(
      (count, first) =>
        `${files(count)} of the layer belong to owners that are not available and were given to root (first: ${first})`,
    ),
    devices: createTally(
      (count, first) => `${files(count)} of the layer are devices, which a user cannot make: skipped (first: ${first})`,
    ),
    unknown: createTally(
      (count, first) => `${files(count)} of the layer have an unknown type: skipped (first: ${first})`,
    ),
    xattrs: createTally(
      (count, first) => `extended attributes could not be set on ${files(count)} of the layer (first: ${first})`,
    ),
  };
}

function startEntry(session: Session, entry: TarEntry): void {
  if (++session.entries > session.options.maxEntries) throw tooLarge(`more than ${session.options.maxEntries} entries`);
  // Volume labels, parts of multi-volume archives, old long-name tables: nothing to unpack.
  if ("VMN".includes(entry.type)) return;
  const path = normalizeName(entry.name);
  try {
    if (path === "") startRoot(session, entry);
    else if (isWhiteoutName(path)) session.whiteouts.apply(path);
    else makeEntry(session, entry, path);
  } catch (cause) {
    throw explain(cause, path);
  }
}

/** The entry `./` describes the directory itself. */
function startRoot(session: Session, entry: TarEntry): void {
  if (entry.type !== "5" && entry.type !== "D") {
    throw new DhowError("cannot unpack layer: an entry has no name", { kind: "corrupt" });
  }
  session.directories.set("", metadataOf(session, entry, { real: "", mayDiffer: true }));
}

function makeEntry(session: Session, entry: TarEntry, path: BytePath): void {
  const parent = session.tree.resolve(parentOf(path));
  const name = baseOf(path);
  const place: Place = {
    path: `${parent.path}/${name}`,
    real: joinPath(parent.real, name),
    clear: () => session.tree.remove(parent, name),
  };
  session.whiteouts.note(place.real);
  const metadata = metadataOf(session, entry, { real: place.real, mayDiffer: parent.isSetgid });
  if (entry.type === "0") {
    session.file = { ...place, ...createFile(place.path, entry.mode, entry.sparse, place.clear), metadata };
  } else if (entry.type === "5" || entry.type === "D") {
    makeDirectory(session, place, metadata);
  } else if (entry.type === "1") {
    makeHardLink(session, entry, place);
  } else if (makeNode(session, entry, place)) {
    dressPath(place.path, metadata, session.tallies.xattrs, entry.type === "2");
  }
}

/** Makes what has no content. Returns false if it was skipped and counted. */
function makeNode({ tallies }: Session, entry: TarEntry, place: Place): boolean {
  switch (entry.type) {
    case "2":
      makeSymlink(place, entry.linkName);
      return true;
    case "6":
      makeFifo(place);
      return true;
    case "3":
    case "4":
      if (makeDevice(place, entry)) return true;
      tallies.devices.count(place.real);
      return false;
    default:
      tallies.unknown.count(place.real);
      return false;
  }
}

function metadataOf(session: Session, entry: TarEntry, place: { real: BytePath; mayDiffer: boolean }): Metadata {
  return {
    ...place,
    mode: entry.mode,
    owner: session.ownerOf(entry, place.real),
    mtime: entry.mtime,
    xattrs: entry.xattrs,
  };
}

/** A directory over a directory keeps what is in it; anything else is replaced. */
function makeDirectory(session: Session, place: Place, metadata: Metadata): void {
  const systemPath = toSystemPath(place.path);
  let existing: Stats | undefined;
  try {
    mkdirSync(systemPath, 0o700);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    existing = lstatSync(systemPath);
    if (!existing.isDirectory()) {
      place.clear();
      mkdirSync(systemPath, 0o700);
    }
  }
  const isKept = existing?.isDirectory() ?? false;
  const directory: Directory = { ...place, isSetgid: isKept && ((existing?.mode ?? 0) & 0o2000) !== 0 };
  session.tree.add(directory);
  if (existing && !isKept) session.whiteouts.replaced(existing, directory);
  session.directories.set(place.real, { ...metadata, mayDiffer: metadata.mayDiffer || isKept });
}

function makeHardLink(session: Session, entry: TarEntry, place: Place): void {
  const target = normalizeName(entry.linkName);
  const parent = target === "" ? undefined : session.tree.find(parentOf(target));
  if (parent && isHardLinkDone(`${parent.path}/${baseOf(target)}`, place)) return;
  const copy = copyFromBelow(session, parent ? joinPath(parent.real, baseOf(target)) : target);
  if (copy !== undefined && isHardLinkDone(copy, place)) return;
  throw new DhowError(
    `cannot unpack layer: ${showPath(place.real)} is a hard link to ${showPath(target)}, which is no file of the layer`,
    { kind: "corrupt" },
  );
}

/** Gets the target of a hard link up from the layers below, unless this layer hides it. Returns its absolute path. */
function copyFromBelow(session: Session, target: BytePath): BytePath | undefined {
  const below = target === "" || session.whiteouts.hides(target) ? undefined : session.lower.find(target);
  if (!below?.stats.isFile()) return undefined;
  const parent = session.tree.resolve(parentOf(target));
  const path = `${parent.path}/${baseOf(target)}`;
  if (lstatSync(toSystemPath(path), { throwIfNoEntry: false })) return undefined;
  const xattrs = copyUp(below, path);
  dressPath(path, { ...lowerMetadata(target, below), xattrs }, session.tallies.xattrs);
  session.sizeBytes += below.stats.size;
  return path;
}

function endEntry(session: Session): void {
  const { file } = session;
  if (!file) return;
  try {
    file.finish();
    dressFile(file.fd, file.path, file.metadata, session.tallies.xattrs);
  } catch (cause) {
    throw explain(cause, file.real);
  }
  closeSync(file.fd);
  session.file = undefined;
}

function finish(session: Session): ReturnType<LayerWriter["finish"]> {
  const { tree, directories, tallies } = session;
  for (const [real, metadata] of [...directories].reverse()) {
    // A later entry may have put something else in its place, or in the place of a directory above it.
    const directory = tree.find(real);
    if (directory?.real === real) dressPath(directory.path, metadata, tallies.xattrs);
  }
  const warnings = Object.values<Tally>({ ...tallies }).flatMap((tally) => tally.warnings());
  return { sizeBytes: session.sizeBytes, entries: session.entries, warnings };
}

function tooLarge(what: string): DhowError {
  return new DhowError(`cannot unpack layer: it has ${what}`, {
    kind: "unsupported",
    hint: "if its publisher can be trusted, '--storage-opt max_layer_size=SIZE' allows more bytes",
  });
}

/** Turns what the file system said about an entry into something that a user can understand. */
function explain(cause: unknown, path: BytePath): unknown {
  const code = errnoOf(cause);
  if (cause instanceof DhowError || code === undefined) return cause;
  const message = `cannot unpack ${showPath(path)}`;
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return new DhowError(`${message}: no space left on the device`, { kind: "unavailable", cause });
    case "EPERM":
    case "EACCES":
      return new DhowError(message, { kind: "permission-denied", cause });
    default:
      return new DhowError(message, { kind: "unsupported", cause });
  }
}
