import { rmSync, writeFileSync } from "node:fs";
import type { Engine } from "../engine.ts";
import type { Digest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/image.ts";
import type { Reference } from "../oci/reference.ts";
import type { RegistryClient } from "../registry/client.ts";
import { createGrowth, type LayerSource } from "../storage/unpack/growing-file.ts";

/** The layer blobs of one pull: a few at a time, each one once, readable while they grow. */
export interface LayerDownloads {
  /** The blob of a layer. Its download is under way or queued; `complete` resolves when it is there and verified. */
  get(descriptor: Descriptor): LayerDownload;
  /** Says that one of the layers made of the blob is done. With the last one the blob is stored, if it came whole. */
  release(descriptor: Descriptor): void;
  /** Stops all downloads, waits for them, and removes their files. */
  stop(): Promise<void>;
}

export interface LayerDownload {
  readonly source: LayerSource;
  readonly complete: Promise<void>;
}

export interface DownloadParts {
  readonly client: RegistryClient;
  readonly reference: Reference;
  readonly blobs: Engine["blobs"];
  readonly onProgress: (digest: Digest, receivedBytes: number) => void;
}

const parallelDownloads = 3;

/** Starts to download the blobs, in this order. */
export function startDownloads(parts: DownloadParts, descriptors: readonly Descriptor[]): LayerDownloads {
  const abort = new AbortController();
  const slots = createSlots(parallelDownloads);
  const downloads = new Map<Digest, LayerDownload & { readonly path: string | undefined }>();
  const whole = new Set<Digest>();
  const users = new Map<Digest, number>();
  for (const descriptor of descriptors) {
    const { digest } = descriptor;
    users.set(digest, (users.get(digest) ?? 0) + 1);
    if (downloads.has(digest)) continue;
    const download = start(parts, descriptor, { slots, signal: abort.signal });
    downloads.set(digest, download);
    download.complete.then(
      () => whole.add(digest),
      () => undefined,
    );
  }
  return {
    get: ({ digest }) => downloads.get(digest) as LayerDownload,
    release({ digest }) {
      const left = (users.get(digest) ?? 0) - 1;
      users.set(digest, left);
      const path = downloads.get(digest)?.path;
      if (left <= 0 && path !== undefined && whole.has(digest)) parts.blobs.adopt(path, digest);
    },
    async stop() {
      abort.abort();
      await Promise.allSettled([...downloads.values()].map(({ complete }) => complete));
      for (const { path } of downloads.values()) if (path !== undefined) rmSync(path, { force: true });
    },
  };
}

type Slots = <T>(work: () => Promise<T>) => Promise<T>;

function start(
  { client, reference, blobs, onProgress }: DownloadParts,
  descriptor: Descriptor,
  { slots, signal }: { readonly slots: Slots; readonly signal: AbortSignal },
): LayerDownload & { readonly path: string | undefined } {
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
    await client.fetchBlob(reference, descriptor, { path, onProgress: report, signal });
  });
  // Whoever awaits it gets the failure; nobody may be there yet.
  complete.catch(() => writer.abandon());
  return { source: { path, growth: writer.growth }, complete, path };
}

/** At most so many at once, first come, first served. */
function createSlots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
