import { rmSync, writeFileSync } from "node:fs";
import type { Engine } from "../engine.ts";
import type { Digest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/image.ts";
import { createGrowth, type LayerSource } from "../storage/unpack/growing-file.ts";
import { createSlots, type Slots } from "./slots.ts";
import type { SourceImage } from "./source-image.ts";

/** The layer blobs of one image on their way into the store: a few at a time, each one once, readable while they grow. */
export interface LayerFetches {
  /** The blob of a layer. It is on its way or queued. */
  get(descriptor: Descriptor): LayerBlob;
  /** Says that one of the layers made of the blob is done. With the last one the blob is stored, if it came whole. */
  release(descriptor: Descriptor): void;
  /** Stops what is on its way, waits for it, and removes the files. */
  stop(): Promise<void>;
}

export interface LayerBlob {
  readonly source: LayerSource;
  /** Resolves when the blob is there and verified; undefined if it has been for long. */
  readonly complete?: Promise<void>;
}

export interface FetchParts {
  readonly image: Pick<SourceImage, "fetchBlob">;
  readonly blobs: Engine["blobs"];
  readonly onProgress: (digest: Digest, receivedBytes: number) => void;
}

interface Fetch extends LayerBlob {
  readonly complete: Promise<void>;
  /** The file that collects the blob; undefined if it was stored before. */
  readonly path: string | undefined;
}

const parallelFetches = 3;

/** Starts to fetch the blobs, in this order. */
export function startFetches(parts: FetchParts, descriptors: readonly Descriptor[]): LayerFetches {
  const abort = new AbortController();
  const slots = createSlots(parallelFetches);
  const fetches = new Map<Digest, Fetch>();
  const whole = new Set<Digest>();
  const users = new Map<Digest, number>();
  for (const descriptor of descriptors) {
    const { digest } = descriptor;
    users.set(digest, (users.get(digest) ?? 0) + 1);
    if (fetches.has(digest)) continue;
    const fetch = start(parts, descriptor, { slots, signal: abort.signal });
    fetches.set(digest, fetch);
    fetch.complete.then(
      () => whole.add(digest),
      () => undefined,
    );
  }
  return {
    get: ({ digest }) => fetches.get(digest) as Fetch,
    release({ digest }) {
      const left = (users.get(digest) ?? 0) - 1;
      users.set(digest, left);
      const path = fetches.get(digest)?.path;
      if (left <= 0 && path !== undefined && whole.has(digest)) parts.blobs.adopt(path, digest);
    },
    async stop() {
      abort.abort();
      await Promise.allSettled([...fetches.values()].map(({ complete }) => complete));
      for (const { path } of fetches.values()) if (path !== undefined) rmSync(path, { force: true });
    },
  };
}

function start(
  { image, blobs, onProgress }: FetchParts,
  descriptor: Descriptor,
  { slots, signal }: { readonly slots: Slots; readonly signal: AbortSignal },
): Fetch {
  const { digest, size } = descriptor;
  if (blobs.findSize(digest) === size) {
    return { source: { path: blobs.path(digest) }, complete: Promise.resolve(), path: undefined };
  }
  const path = blobs.partialPath(digest);
  const writer = createGrowth(size);
  // The reader may come before the first byte.
  writeFileSync(path, "", { mode: 0o600 });
  const complete = slots(async () => {
    signal.throwIfAborted();
    const report = (receivedBytes: number) => {
      writer.report(receivedBytes);
      onProgress(digest, receivedBytes);
    };
    await image.fetchBlob(descriptor, { path, onProgress: report, signal });
  });
  // Whoever awaits it gets the failure; nobody may be there yet.
  complete.catch(() => writer.abandon());
  return { source: { path, growth: writer.growth }, complete, path };
}
