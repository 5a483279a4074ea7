import { lstatSync, readdirSync, type Stats } from "node:fs";
import { posix } from "node:path";
import { resolveInRoot } from "../../container/spec/rootfs-path.ts";
import { DhowError } from "../../errors.ts";
import { globTest } from "../../model/filters.ts";
import { type BytePath, fromSystemPath, joinPath, toSystemPath } from "../../storage/unpack/byte-path.ts";

/** Where files are copied from. */
export interface SourceTree {
  /** Absolute. */
  readonly directory: string;
  isIgnored(path: string): boolean;
  /** Whether something below an ignored folder may come in again. */
  mayHoldIncluded(folder: string): boolean;
  /** The pattern that left a path out. */
  ignoredBy(path: string): string | undefined;
  /** Whether owners are kept: those of images and stages are, those of the user's files mean nothing. */
  readonly keepsOwners: boolean;
}

/** All files of a folder; their owners mean nothing. */
export function wholeTree(directory: string): SourceTree {
  return {
    ...{ directory, keepsOwners: false, isIgnored: () => false, mayHoldIncluded: () => false },
    ignoredBy: () => undefined,
  };
}

/** Something that is copied. */
export interface SourceEntry {
  /** Where it goes, relative to the destination; "" is the destination itself. */
  readonly target: BytePath;
  /** Where it is on the host. */
  readonly path: BytePath;
  readonly stats: Stats;
}

/** What one source of an instruction, or one match of its pattern, stands for. Parents come before what is in them. */
export interface SourceItem {
  /** Path in the tree, without a slash in front. */
  readonly source: string;
  readonly isDirectory: boolean;
  readonly entries: readonly SourceEntry[];
}

export interface SelectOptions {
  /** What is left out besides what the tree ignores, by its path in the source; a file that is the source by its name. */
  readonly excludes: (path: string) => boolean;
  /** --parents: the path of a source is kept below the destination. */
  readonly keepsParents: boolean;
}

/**
 * What sources (paths or patterns as Go's filepath.Match reads them) stand for in a tree.
 * @throws {DhowError} `not-found` for a path that is not there or is ignored.
 */
export function selectSources(tree: SourceTree, sources: readonly string[], options: SelectOptions): SourceItem[] {
  return sources.flatMap((source) => {
    const matches = expandPattern(tree, source);
    const items = matches.flatMap((match) => selectOne(tree, { match, source }, options));
    if (items.length === 0 && !matches.some((match) => isThere(tree, match))) throw nothingFound(tree, source, matches);
    return items;
  });
}

/** What is there but left out by --exclude is no mistake. */
function isThere(tree: SourceTree, match: string): boolean {
  const path = resolveInRoot(tree.directory, match);
  return !tree.isIgnored(match) && lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function selectOne(
  tree: SourceTree,
  { match, source }: { readonly match: string; readonly source: string },
  options: SelectOptions,
): SourceItem[] {
  const root = fromSystemPath(resolveInRoot(tree.directory, match));
  const stats = lstatSync(toSystemPath(root), { throwIfNoEntry: false });
  if (stats === undefined) return [];
  const inSource = (path: string) =>
    path === match ? posix.basename(match) : path.slice(match === "" ? 0 : match.length + 1);
  const isLeftOut = (path: string) =>
    path !== "" &&
    (tree.isIgnored(path) || ((path !== match || !stats.isDirectory()) && options.excludes(inSource(path))));
  if (!stats.isDirectory()) {
    if (isLeftOut(match)) return [];
    const target = options.keepsParents ? keptPath(source, match) : posix.basename(match);
    const entries = [...parentsOf(tree, target, match), { target: fromSystemPath(target), path: root, stats }];
    return [{ source: match, isDirectory: false, entries }];
  }
  const hidden = isLeftOut(match);
  if (hidden && !tree.mayHoldIncluded(match)) return [];
  const below = options.keepsParents ? keptPath(source, match) : "";
  const inside = [...walk({ tree, isLeftOut }, { path: root, treePath: match, target: fromSystemPath(below) })];
  if (hidden && inside.length === 0) return [];
  const entries = [...parentsOf(tree, below, match), { target: fromSystemPath(below), path: root, stats }, ...inside];
  return [{ source: match, isDirectory: true, entries }];
}

interface Walk {
  readonly tree: SourceTree;
  readonly isLeftOut: (path: string) => boolean;
}

interface WalkPlace {
  readonly path: BytePath;
  readonly treePath: string;
  readonly target: BytePath;
}

/** An ignored folder is looked into only where something in it may be meant after all; then it comes with that. */
function* walk(walk_: Walk, { path, treePath, target }: WalkPlace): Generator<SourceEntry, void> {
  for (const name of readFolder(path)) {
    const child = { path: `${path}/${name}`, target: joinPath(target, name), treePath: joinText(treePath, name) };
    const stats = lstatSync(toSystemPath(child.path), { throwIfNoEntry: false });
    if (stats === undefined || stats.isSocket()) continue;
    const entry = { target: child.target, path: child.path, stats };
    if (!walk_.isLeftOut(child.treePath)) {
      yield entry;
      if (stats.isDirectory()) yield* walk(walk_, child);
    } else if (stats.isDirectory() && walk_.tree.mayHoldIncluded(child.treePath)) {
      const inside = [...walk(walk_, child)];
      if (inside.length > 0) yield* [entry, ...inside];
    }
  }
}

function readFolder(path: BytePath): BytePath[] {
  try {
    return readdirSync(toSystemPath(path), { encoding: "latin1" }).sort();
  } catch (cause) {
    throw new DhowError(`cannot read ${Buffer.from(path, "latin1")}`, { kind: "permission-denied", cause });
  }
}

function joinText(parent: string, name: BytePath): string {
  const text = Buffer.from(name, "latin1").toString();
  return parent === "" ? text : `${parent}/${text}`;
}

/** With --parents: the folders on the way to a source. */
function parentsOf(tree: SourceTree, target: string, match: string): SourceEntry[] {
  const parts = target.split("/").slice(0, -1).filter(Boolean);
  const base = match.split("/").slice(0, -parts.length - 1);
  return parts.flatMap((_, index) => {
    const path = fromSystemPath(resolveInRoot(tree.directory, [...base, ...parts.slice(0, index + 1)].join("/")));
    const stats = lstatSync(toSystemPath(path), { throwIfNoEntry: false });
    return stats ? [{ target: fromSystemPath(parts.slice(0, index + 1).join("/")), path, stats }] : [];
  });
}

/** What is kept of a path: all of it, or what is behind `/./`. */
function keptPath(source: string, match: string): string {
  const pivot = source.indexOf("/./");
  if (pivot < 0) return match;
  const skipped = source
    .slice(0, pivot)
    .split("/")
    .filter((part) => part !== "" && part !== ".").length;
  return match.split("/").slice(skipped).join("/");
}

/** Paths in the tree, without a slash in front. */
function expandPattern({ directory }: SourceTree, pattern: string): string[] {
  const clean = posix.normalize(`/${pattern}`).replace(/^\/|\/$/g, "");
  if (!/[*?[\\]/.test(clean)) return [clean];
  let found = [""];
  for (const part of clean.split("/")) {
    found = found.flatMap((parent) => matchesOf(directory, parent, part));
  }
  return [...new Set(found)].sort();
}

function matchesOf(directory: string, parent: string, part: string): string[] {
  const join = (name: string) => (parent === "" ? name : `${parent}/${name}`);
  if (part === "**") return [parent, ...foldersBelow(directory, parent)];
  const names = namesIn(resolveInRoot(directory, parent));
  if (!/[*?[\\]/.test(part)) return names.includes(part) ? [join(part)] : [];
  return names.filter(globTest(part)).map(join);
}

function foldersBelow(directory: string, parent: string): string[] {
  const path = resolveInRoot(directory, parent);
  return namesIn(path).flatMap((name) => {
    const child = parent === "" ? name : `${parent}/${name}`;
    const isFolder = lstatSync(`${path}/${name}`, { throwIfNoEntry: false })?.isDirectory() === true;
    return isFolder ? [child, ...foldersBelow(directory, child)] : [];
  });
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch {
    return [];
  }
}

function nothingFound(tree: SourceTree, source: string, matches: readonly string[]): DhowError {
  const ignored = matches.find((match) => tree.isIgnored(match));
  const pattern = ignored === undefined ? undefined : tree.ignoredBy(ignored);
  const path = `/${source.replace(/^\/+/, "")}`;
  if (pattern !== undefined) {
    return new DhowError(
      `no items matching glob ${JSON.stringify(path)} copied (1 filtered out using the ignore file)`,
      {
        kind: "not-found",
        hint: `the ignore file leaves it out by ${JSON.stringify(pattern)}`,
      },
    );
  }
  return new DhowError(`copier: stat: ${JSON.stringify(path)}: no such file or directory`, {
    kind: "not-found",
    ...(source.split("/").includes("..") ? { hint: "files outside of the build context cannot be copied" } : {}),
  });
}
