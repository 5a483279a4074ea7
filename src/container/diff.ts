import { lstatSync } from "node:fs";
import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { ensureLayers } from "../image/ensure-layers.ts";
import { findImage } from "../image/find.ts";
import { layerPaths } from "../image/layer-paths.ts";
import { withImageTree } from "../image/view-layers.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import type { ImageRecord } from "../storage/images.ts";
import { type LowerTree, openLowerTree } from "../storage/pack/lower-tree.ts";
import { type PackSource, readItems } from "../storage/pack/pack-tree.ts";
import { type BytePath, joinPath } from "../storage/unpack/byte-path.ts";
import { ensureBaseLayers } from "./base-layers.ts";
import { imageOf } from "./image-of.ts";
import { engineMountPoints } from "./placeholders.ts";
import { getSettled } from "./start.ts";
import { containerChanges, withContainerTree } from "./view-tree.ts";

export type ChangeKind = "changed" | "added" | "deleted";

export interface FileChange {
  readonly kind: ChangeKind;
  /** Absolute; bytes that are not UTF-8 are replaced. */
  readonly path: string;
}

/** What kinds of names count. */
export type DiffKind = "any" | "container" | "image";

type Subject =
  | { readonly type: "container"; readonly record: ContainerRecord }
  | { readonly type: "image"; readonly image: ImageRecord };

/**
 * What differs between a container and its image, an image and the same without its top layer, or, with two names, what the
 * first has changed of the second.
 * @param names One or two.
 * @throws {DhowError} `not-found`.
 */
export async function diffTrees(engine: Engine, names: readonly string[], kind: DiffKind): Promise<FileChange[]> {
  const [subject, base] = await Promise.all(names.map((name) => findSubject(engine, name, kind)));
  if (subject === undefined) throw new TypeError("diffTrees() needs a name");
  const changes = base === undefined ? await changesOf(engine, subject) : await compare(engine, subject, base);
  return changes.filter(({ path }) => !engineMountPoints.has(path.slice(1)));
}

async function findSubject(engine: Engine, name: string, kind: DiffKind): Promise<Subject> {
  const record = kind === "image" ? undefined : engine.containers.find(name);
  // A name of an image comes first, but a container's own name before the begin of an image's id.
  const isOwnName = record?.name === name && engine.images.findName(name) === undefined;
  const image = kind === "container" || isOwnName ? undefined : await tryFindImage(engine, name);
  if (image) return { type: "image", image };
  if (record) return { type: "container", record };
  const missing = kind === "any" ? "layer" : kind;
  throw new DhowError(`${name} not found: ${missing} not known`, { kind: "not-found" });
}

async function tryFindImage(engine: Engine, name: string): Promise<ImageRecord | undefined> {
  try {
    return await findImage(engine, name);
  } catch (error) {
    if (error instanceof DhowError && error.kind === "not-found") return undefined;
    throw error;
  }
}

async function changesOf(engine: Engine, subject: Subject): Promise<FileChange[]> {
  if (subject.type === "image") return changesOfImage(engine, subject.image);
  const { id, config } = subject.record;
  return engine.containers.withLock(id, async () => {
    const record = await getSettled(engine, id);
    if (!config.rootfs?.overlay) imageOf(engine, config);
    const layers = await ensureBaseLayers(engine, config);
    return listChanges(containerChanges(engine, record), openLowerTree(layers));
  });
}

async function changesOfImage(engine: Engine, image: ImageRecord): Promise<FileChange[]> {
  await ensureLayers(engine, image);
  const [top, ...below] = layerPaths(engine, image);
  if (top === undefined) return [];
  const [base] = below;
  const isMerged = engine.layers.kind === "merged";
  if (isMerged && base !== undefined)
    return listChanges({ kind: "changes", directory: top, base }, openLowerTree([base]));
  const source = { kind: "upper", directory: top, lowerDirectories: below, usesWhiteoutFiles: false } as const;
  return listChanges(source, openLowerTree(below));
}

/** What a container and an image made of it may differ in. */
const leniently = { ignoresFractions: true, ignored: engineMountPoints };

function compare(engine: Engine, subject: Subject, base: Subject): Promise<FileChange[]> {
  return withTree(engine, base, (below) =>
    withTree(engine, subject, async (directory) =>
      listChanges({ kind: "changes", directory, base: below, ...leniently }, openLowerTree([below])),
    ),
  );
}

async function withTree<T>(engine: Engine, subject: Subject, work: (tree: string) => Promise<T>): Promise<T> {
  if (subject.type === "image") return withImageTree(engine, subject.image, work);
  const { id } = subject.record;
  // Not while it is read: two commands that compare the same two the other way round would wait for each other.
  const record = await engine.containers.withLock(id, () => getSettled(engine, id));
  return withContainerTree(engine, record, work);
}

function listChanges(source: PackSource, below: LowerTree): FileChange[] {
  const changes: FileChange[] = [];
  const note = (kind: ChangeKind, path: BytePath) =>
    changes.push({ kind, path: `/${Buffer.from(path, "latin1").toString()}` });
  for (const item of readItems(source)) {
    switch (item.type) {
      case "entry":
        note(below.find(item.node.path) ? "changed" : "added", item.node.path);
        break;
      case "unrepresentable":
        note(below.find(item.path) ? "changed" : "added", item.path);
        break;
      case "deleted":
        if (below.find(item.path)) note("deleted", item.path);
        break;
      case "opaque":
        for (const name of goneFrom(source, below, item.path)) note("deleted", joinPath(item.path, name));
    }
  }
  return changes;
}

/** What a folder had that was made anew. */
function goneFrom(source: PackSource, below: LowerTree, path: BytePath): BytePath[] {
  if (source.kind !== "upper") return [];
  const upper = Buffer.from(`${source.directory}/`).toString("latin1") + path;
  return below
    .names(path)
    .filter((name) => !lstatSync(Buffer.from(`${upper}/${name}`, "latin1"), { throwIfNoEntry: false }));
}
