import { closeSync, fsyncSync, lstatSync, openSync, rmSync, writeSync } from "node:fs";
import { DhowError, errnoOf } from "../../errors.ts";
import { createTally, type Tally } from "../unpack/tally.ts";
import { createArchiveSink, type WriteBytes, type WrittenArchive } from "./archive-sink.ts";
import { type ArchiveWriter, createArchiveWriter, type PackProblem } from "./archive-writer.ts";
import type { CompressionChoice } from "./compress-chunks.ts";
import { openLowerTree } from "./lower-tree.ts";
import { readOverlayUpper } from "./overlay-upper.ts";
import { readTreeChanges, type TreePair } from "./tree-changes.ts";
import type { TreeItem } from "./tree-items.ts";
import { readWholeTree } from "./whole-tree.ts";

/** Where a layer's content is. Folders are absolute. */
export type PackSource =
  | { readonly kind: "nothing" }
  /** The upper folder of an overlay above unpacked layers, top first. */
  | {
      readonly kind: "upper";
      readonly directory: string;
      readonly lowerDirectories: readonly string[];
      /** Whether `.wh.` files in it are deletions, as with fuse-overlayfs. */
      readonly usesWhiteoutFiles: boolean;
    }
  /** What a tree has that its base has not, and what it lacks. */
  | ({ readonly kind: "changes" } & TreePair)
  /** A tree as a layer that has nothing below it. */
  | { readonly kind: "tree"; readonly directory: string }
  /** A tree as an archive for everybody, in which no name means anything. */
  | { readonly kind: "archive"; readonly directory: string };

export interface PackOptions extends CompressionChoice {
  readonly source: PackSource;
  /** Whether something is not to be in the layer: what the engine itself has put there. What is in it comes all the same. */
  readonly leavesOut?: (item: TreeItem) => boolean;
  /** What becomes of the times of files, in seconds since 1970. */
  readonly time?: (seconds: number) => number;
}

export interface PackResult extends WrittenArchive {
  /** Bytes of the content of regular files. */
  readonly sizeBytes: number;
  /** What could not be written as it is: one sentence for each kind. */
  readonly warnings: readonly string[];
}

/**
 * Writes a tree as a layer into a new file. The order is that of the names, so equal trees make equal layers. Names are bytes,
 * owners are those that this user namespace sees.
 *
 * Success means that the file is complete and on disk. After a failure there is none.
 * @throws {DhowError} `unavailable` if the disk is full; `permission-denied` for what cannot be read.
 */
export async function packTree(options: PackOptions, file: string): Promise<PackResult> {
  const fd = openSync(file, "wx", 0o600);
  try {
    const result = await packInto(options, (bytes) => writeAll(fd, bytes));
    fsyncSync(fd);
    return result;
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** As {@link packTree}, for those who have a place of their own for the bytes: `write` takes them in order, and may throw. */
export async function packInto(options: PackOptions, write: WriteBytes): Promise<PackResult> {
  const { source, leavesOut } = options;
  const tallies = createTallies();
  const sink = createArchiveSink(options, write);
  const writer = createArchiveWriter(sink, (problem, path) => tallies[problem].count(path), options.time);
  try {
    await addRoot(source, writer);
    for (const item of readItems(source)) if (!leavesOut?.(item)) await writer.add(item);
    await writer.finish();
    const written = await sink.finish();
    const warnings = Object.values(tallies).flatMap((tally) => tally.warnings());
    return { ...written, sizeBytes: writer.contentBytes, warnings };
  } catch (error) {
    throw explainWriteFailure(error);
  }
}

function createTallies(): Readonly<Record<PackProblem, Tally>> {
  return {
    changed: createTally((count, first) => `${count} files changed while they were read, such as ${first}`),
    unrepresentable: createTally(
      (count, first) =>
        `${count} files are left out, such as ${first}: in a layer, names that begin with .wh. mean deletions`,
    ),
  };
}

/** What a layer of that source says. */
export function readItems(source: PackSource): Generator<TreeItem, void> {
  switch (source.kind) {
    case "nothing":
      return nothing();
    case "upper":
      return readOverlayUpper({ ...source, lower: openLowerTree(source.lowerDirectories) });
    case "changes":
      return readTreeChanges(source);
    case "tree":
    case "archive":
      return readWholeTree(source.directory, { isLayer: source.kind === "tree" });
  }
}

function* nothing(): Generator<TreeItem, void> {}

/** Says how the tree's root looks, if the layer has to. */
async function addRoot(source: PackSource, writer: ArchiveWriter): Promise<void> {
  if (source.kind === "archive" || source.kind === "nothing") return;
  const root = lstatSync(source.directory);
  const base = baseOf(source);
  const below = base === undefined ? undefined : lstatSync(base);
  const isSame = below && below.mode === root.mode && below.uid === root.uid && below.gid === root.gid;
  if (!isSame) await writer.addRoot(source.directory, root);
}

function baseOf(source: PackSource): string | undefined {
  if (source.kind === "upper") return source.lowerDirectories[0];
  return source.kind === "changes" ? source.base : undefined;
}

/** Writes all of the bytes to an open file. */
export function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

/** A full disk and the like as a failure that users understand. */
export function explainWriteFailure(error: unknown): unknown {
  switch (errnoOf(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return new DhowError("cannot write layer: the disk is full", { kind: "unavailable", cause: error });
    case "EACCES":
    case "EPERM":
      return new DhowError("cannot read the tree", { kind: "permission-denied", cause: error });
    default:
      return error;
  }
}
