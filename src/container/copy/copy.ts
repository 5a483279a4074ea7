import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import type { ContainerRecord } from "../../storage/containers.ts";
import { decompress } from "../../storage/unpack/decompress.ts";
import { parseTarHeader } from "../../storage/unpack/tar-header.ts";
import { getSettled } from "../start.ts";
import { isLive } from "../state.ts";
import { containerEndPoint, type EndPoint, folderOf, hostEndPoint, notFound } from "./end-points.ts";
import { type CopyEnd, planCopy, sourceName } from "./plan.ts";

/** One side of a copy. Without a container it is a path of the host. */
export interface CopySide {
  readonly container: string | undefined;
  readonly path: string;
}

export interface CopyOptions {
  /** Whether what is copied into a container keeps its owners instead of getting the container's user. */
  readonly keepOwners: boolean;
  /** Whether a folder may take the place of something else, and the other way round. */
  readonly overwrite: boolean;
}

/**
 * Copies a file, or a folder with all that is in it.
 * @returns Warnings.
 * @throws {DhowError} `not-found`, `invalid-argument`, `already-exists`; `unavailable` for a full disk and the like.
 */
export function copyFiles(
  engine: Engine,
  { source, destination }: { readonly source: CopySide; readonly destination: CopySide },
  options: CopyOptions,
): Promise<readonly string[]> {
  return withEndPoints(engine, [source, destination], options, async ([from, to]) => {
    const found = await findSource(from, source.path);
    const plan = planCopy(found, await findDestination(to, destination.path));
    const archive = from.take(found.target, plan.name === undefined ? undefined : plan.name);
    return to.put({ directory: plan.directory, overwrite: options.overwrite }, archive);
  });
}

/** Hands out a file or folder of a container as a tar archive. */
export function copyToArchive(
  engine: Engine,
  source: CopySide,
  write: (chunk: Buffer) => Promise<void>,
): Promise<void> {
  return withEndPoints(engine, [source], { keepOwners: true, overwrite: false }, async ([from]) => {
    const found = await findSource(from, source.path);
    for await (const chunk of from.take(found.target, sourceName(found))) await write(chunk);
  });
}

/**
 * Unpacks a tar archive, which may be compressed, into a folder of a container.
 * @returns Warnings.
 */
export function copyFromArchive(
  engine: Engine,
  archive: AsyncIterable<Buffer>,
  destination: CopySide,
  options: CopyOptions,
): Promise<readonly string[]> {
  return withEndPoints(engine, [destination], options, async ([to]) => {
    const found = await to.find(destination.path);
    if (found.kind !== "directory") {
      throw new DhowError("destination must be a directory when copying from stdin", { kind: "invalid-argument" });
    }
    const checked = checkArchive(decompress(generatorOf(archive)));
    return to.put({ directory: found.target, overwrite: options.overwrite }, checked);
  });
}

async function* generatorOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  yield* chunks;
}

/** Makes sure that the first block is a tar header. */
async function* checkArchive(chunks: AsyncGenerator<Buffer, void>): AsyncGenerator<Buffer, void> {
  let head = Buffer.alloc(0);
  let isChecked = false;
  for await (const chunk of chunks) {
    if (isChecked) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < 512) continue;
    if (!isTarHeader(head.subarray(0, 512))) break;
    isChecked = true;
    yield head;
  }
  if (!isChecked) {
    throw new DhowError("source must be a (compressed) tar archive when copying from stdin", {
      kind: "invalid-argument",
    });
  }
}

function isTarHeader(block: Buffer): boolean {
  try {
    parseTarHeader(block);
    return true;
  } catch {
    return false;
  }
}

async function findSource(from: EndPoint, path: string): Promise<CopyEnd> {
  const found = await from.find(path);
  if (found.kind === "absent") throw notFound(path, from.where);
  return found;
}

async function findDestination(to: EndPoint, path: string): Promise<CopyEnd> {
  const found = await to.find(path);
  if (found.kind === "other") {
    throw new DhowError(`invalid destination: ${JSON.stringify(path)} must be a directory or a regular file`, {
      kind: "invalid-argument",
    });
  }
  if (found.kind === "absent" && (await to.find(folderOf(found))).kind !== "directory") throw notFound(path, to.where);
  return found;
}

/** Opens the sides of a copy. A container that does not run is locked, so that nobody starts it meanwhile. */
async function withEndPoints<T>(
  engine: Engine,
  sides: readonly CopySide[],
  options: CopyOptions,
  work: (points: readonly [EndPoint, EndPoint]) => Promise<T>,
): Promise<T> {
  const names = sides.map(({ container }) => container);
  const ids = names.map((name) => (name === undefined ? undefined : engine.containers.get(name).id));
  const open = async (): Promise<T> => {
    const points: EndPoint[] = [];
    try {
      for (const [index, id] of ids.entries()) {
        points.push(
          id === undefined
            ? hostEndPoint()
            : await containerEndPoint(engine, engine.containers.get(id), {
                shown: names[index] ?? id,
                archiveOwners: options.keepOwners,
              }),
        );
      }
      return await work(points as unknown as readonly [EndPoint, EndPoint]);
    } finally {
      for (const point of points) point.close();
    }
  };
  const distinct = [...new Set(ids.filter((id) => id !== undefined))].sort();
  return withStoppedLocked(engine, distinct, open);
}

/** In the order of the ids, so that two copies between the same containers do not wait for each other. */
async function withStoppedLocked<T>(engine: Engine, ids: readonly string[], work: () => Promise<T>): Promise<T> {
  const [id, ...others] = ids;
  if (id === undefined) return work();
  const goOn = () => withStoppedLocked(engine, others, work);
  const runs = (record: ContainerRecord) => isLive(record.state) && record.init !== undefined;
  return engine.containers
    .withLock(id, async () => {
      if (!runs(await getSettled(engine, id))) return { result: await goOn() };
      return undefined;
    })
    .then(async (locked) => (locked ? locked.result : goOn()));
}
