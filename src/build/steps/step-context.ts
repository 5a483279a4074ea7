import type { Engine } from "../../engine.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Platform } from "../../oci/image.ts";
import type { CachedLayer } from "../../storage/build-cache.ts";
import type { PackSource } from "../../storage/pack/pack-tree.ts";
import { keyOf } from "../keys.ts";
import { commitLayer, rebaseLayer } from "../layer.ts";
import type { StepInfo } from "../progress.ts";
import { type BuildSession, withTemporaryFolder } from "../session.ts";
import type { ImageState } from "./image-state.ts";
import type { From } from "./source-trees.ts";

/** What a step is solved in. */
export interface StepContext {
  readonly session: BuildSession;
  readonly step: StepInfo;
  readonly platform: Platform;
  /** Whether earlier results are used. */
  readonly usesCache: boolean;
  /** ARG and --build-arg: what RUN sees and words are expanded with, besides ENV. */
  readonly args: ReadonlyMap<string, string>;
  readonly solveStage: (index: number) => Promise<ImageState>;
  /** What --from means in this stage; without one, the build context. @throws {DhowError} `invalid-argument`. */
  readonly findFrom: (from: string | undefined) => From;
}

export interface SolvedLayer {
  readonly layer: CachedLayer;
  /** What the history says of it. */
  readonly description: string;
  readonly createdAt: Date;
  readonly isCached: boolean;
}

export interface LayerRequest {
  /** Stands for everything that goes into the layer. */
  readonly key: string;
  /** What the history says of it. */
  readonly description: string;
  /** Chain id of what it lies on. */
  readonly parent: Digest | undefined;
  /** Makes the changes in the folder. @returns Where they are. */
  readonly make: (folder: string) => Promise<PackSource>;
}

/**
 * The layer of a step: an earlier result with that key, else made now. Builds that want the same at once make it once.
 */
export async function solveLayer(context: StepContext, request: LayerRequest): Promise<SolvedLayer> {
  const { session } = context;
  const { engine, limiter } = session;
  session.signal.throwIfAborted();
  if (!context.usesCache) return limiter.run(() => makeLayer(context, request));
  return (
    (await findLayer(context, request)) ??
    engine.locks.withLock(`build:${request.key}`, async () => {
      const found = await findLayer(context, request);
      return found ?? limiter.run(() => makeLayer(context, request));
    })
  );
}

/** An earlier result with that key. */
export async function findLayer(
  { session }: StepContext,
  { key, parent }: Pick<LayerRequest, "key" | "parent">,
): Promise<SolvedLayer | undefined> {
  const { engine } = session;
  const found = engine.buildCache.find(key, oldestUsable(session));
  const layer = found?.layer && (await rebaseLayer(engine, found.layer, parent));
  if (!found || !layer) return undefined;
  session.usedKeys.add(key);
  return { layer, createdAt: found.createdAt, description: found.description, isCached: true };
}

async function makeLayer({ session }: StepContext, request: LayerRequest): Promise<SolvedLayer> {
  const { engine, signal } = session;
  signal.throwIfAborted();
  const { key, description, parent, make } = request;
  const layer = await withTemporaryFolder(engine, async (folder) =>
    commitLayer(engine, { parent, source: await make(folder), time: fileTime(session) }),
  );
  const createdAt = creationTime(session) ?? new Date();
  engine.buildCache.put({ key, layer, description, createdAt });
  return { layer, createdAt, description, isCached: false };
}

/** Lets a result be found by another key as well, which is cheaper to make. */
export function alsoKnownAs(
  { session }: StepContext,
  key: string,
  { layer, createdAt, description }: SolvedLayer,
): void {
  session.engine.buildCache.put({ key, layer, createdAt, description });
}

/** When a step that only changes the config was first made: equal builds make equal images. */
export function solveTime(
  { session, usesCache }: StepContext,
  { key, description }: Pick<LayerRequest, "key" | "description">,
): { readonly createdAt: Date; readonly isCached: boolean } {
  const { engine } = session;
  const fixed = creationTime(session);
  const found = usesCache ? engine.buildCache.find(key, oldestUsable(session)) : undefined;
  if (found) {
    session.usedKeys.add(key);
    return { createdAt: fixed ?? found.createdAt, isCached: true };
  }
  const createdAt = fixed ?? new Date();
  engine.buildCache.put({ key, layer: undefined, description, createdAt });
  return { createdAt, isCached: false };
}

function oldestUsable({ request }: BuildSession): Date | undefined {
  const { maxAgeSeconds } = request.caching;
  return maxAgeSeconds === undefined ? undefined : new Date(Date.now() - maxAgeSeconds * 1000);
}

/** What --timestamp and SOURCE_DATE_EPOCH say of images. */
export function creationTime({ request }: Pick<BuildSession, "request">): Date | undefined {
  const { timestamp, sourceDateEpoch } = request.metadata;
  const seconds = timestamp ?? sourceDateEpoch;
  return seconds === undefined ? undefined : new Date(seconds * 1000);
}

/** What they make of the times of files; also what layer keys must tell. */
export function fileTime({ request }: Pick<BuildSession, "request">): ((seconds: number) => number) | undefined {
  const { timestamp, sourceDateEpoch, rewritesTimestamps } = request.metadata;
  if (timestamp !== undefined) return () => timestamp;
  if (sourceDateEpoch === undefined || !rewritesTimestamps) return undefined;
  return (seconds) => Math.min(seconds, sourceDateEpoch);
}

export function timeKey({ request }: Pick<BuildSession, "request">): string {
  const { timestamp, sourceDateEpoch, rewritesTimestamps } = request.metadata;
  if (timestamp !== undefined) return `=${timestamp}`;
  return sourceDateEpoch !== undefined && rewritesTimestamps ? `<${sourceDateEpoch}` : "";
}

/** Puts a layer and its history onto an image. */
export function withLayer(state: ImageState, { layer, createdAt, description }: SolvedLayer, key: string): ImageState {
  const { diffId, digest, size, compression, chainId } = layer;
  return {
    ...state,
    layers: [...state.layers, { diffId, digest, size, compression }],
    chainId,
    createdAt,
    key: keyOf("step", [state.key, key, description]),
    history: [...state.history, historyEntry(state, createdAt, description)],
  };
}

/** The first entry above a base names it, as podman's does. */
export function historyEntry({ history, baseHistory, from, author }: ImageState, createdAt: Date, createdBy: string) {
  return {
    created: createdAt.toISOString(),
    created_by: createdBy,
    ...(author === undefined ? {} : { author }),
    ...(history.length === baseHistory && from !== "scratch" ? { comment: `FROM ${from}` } : {}),
  };
}

/** Changes that a mount has collected in a folder. */
export function changesIn(engine: Engine, folder: string, chain: readonly string[]): PackSource {
  return engine.rootfs.changesOf({ layers: chain, containerDirectory: folder });
}
