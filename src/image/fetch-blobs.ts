import { rmSync } from "node:fs";
import type { Engine } from "../engine.ts";
import type { Descriptor } from "../oci/image.ts";
import type { CopyEvent } from "./copy-event.ts";
import { createSlots } from "./slots.ts";
import type { SourceImage } from "./source-image.ts";

const parallelFetches = 3;

/**
 * Copies the config and the layers of an image or artifact into the store as they are. Those that are stored are not fetched.
 * Garbage collection spares them as long as this process lives.
 * @throws {DhowError} What fetching fails with.
 */
export async function fetchBlobs(
  engine: Pick<Engine, "blobs" | "leases">,
  source: SourceImage,
  onEvent?: (event: CopyEvent) => void,
): Promise<void> {
  const { config, layers } = source.manifest;
  const needed = [...new Map([...layers, config].map((blob) => [blob.digest, blob])).values()];
  engine.leases.take(needed.map(({ digest }) => digest));
  const isPresent = ({ digest, size }: Descriptor) => engine.blobs.findSize(digest) === size;
  const present = new Set(needed.filter(isPresent).map(({ digest }) => digest));
  onEvent?.({
    type: "layers",
    layers: layers.map(({ digest, size }) => ({ digest, sizeBytes: size, isPresent: present.has(digest) })),
  });
  const slots = createSlots(parallelFetches);
  const abort = new AbortController();
  const fetches = needed
    .filter(({ digest }) => !present.has(digest))
    .map((blob) =>
      slots(() => fetchBlob({ engine, source, onEvent }, blob, abort.signal)).catch((error: unknown) => {
        // The first failure is the reason; the others are only told to stop.
        abort.abort(error);
      }),
    );
  await Promise.all(fetches);
  abort.signal.throwIfAborted();
}

interface Fetching {
  readonly engine: Pick<Engine, "blobs">;
  readonly source: SourceImage;
  readonly onEvent: ((event: CopyEvent) => void) | undefined;
}

async function fetchBlob(
  { engine: { blobs }, source, onEvent }: Fetching,
  blob: Descriptor,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const { digest } = blob;
  const path = blobs.partialPath(digest);
  try {
    const onProgress = (copiedBytes: number) => onEvent?.({ type: "progress", digest, copiedBytes });
    await source.fetchBlob(blob, { path, onProgress, signal });
    blobs.adopt(path, digest);
    onEvent?.({ type: "layer", digest });
  } finally {
    rmSync(path, { force: true });
  }
}
