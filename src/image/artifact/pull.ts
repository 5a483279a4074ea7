import { rmSync } from "node:fs";
import type { Engine } from "../../engine.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/image.ts";
import { hostPlatform } from "../../oci/platform.ts";
import { formatReference, parseReference, withDefaultTag } from "../../oci/reference.ts";
import { loadRegistriesConfig } from "../../registry/registries-conf.ts";
import { removeAbandoned } from "../../storage/temporary.ts";
import { requireAcceptedImage } from "../accept.ts";
import type { PullEvent } from "../pull.ts";
import { openRegistryImage, type RegistryOptions } from "../registry-image.ts";
import { collectImageGarbage } from "../remove.ts";
import { createSlots } from "../slots.ts";
import type { SourceImage } from "../source-image.ts";
import { recordArtifactEvent } from "./record-event.ts";

export interface PullArtifactOptions extends RegistryOptions {
  readonly onEvent?: ((event: PullEvent) => void) | undefined;
}

const parallelFetches = 3;

/**
 * Copies an artifact, or whatever has a manifest, from a registry into the store. Success means that it is stored durably,
 * verified, and has the name.
 * @returns The digest of its manifest.
 * @throws {DhowError} As `openRegistryImage`.
 */
export async function pullArtifact(
  engine: Engine,
  name: string,
  { onEvent, ...options }: PullArtifactOptions,
): Promise<Digest> {
  const written = name.replace(/^docker:\/\//, "");
  const wanted = withDefaultTag(parseReference(written));
  const reference = wanted.digest === undefined ? wanted : { ...wanted, tag: undefined };
  onEvent?.({ type: "trying", name: formatReference(reference) });
  removeAbandoned(engine.paths.data);
  const request = { ...options, platform: hostPlatform(), anyContent: true };
  await using source = await openRegistryImage(loadRegistriesConfig(), reference, request);
  await requireAcceptedImage(engine, source, reference);
  await fetchBlobs(engine, source, onEvent);
  onEvent?.({ type: "config", digest: source.manifest.config.digest });
  const digest = engine.blobs.put(source.manifestBytes);
  onEvent?.({ type: "manifest" });
  const artifact = engine.artifacts.put(written, digest);
  recordArtifactEvent(engine, "pull", artifact);
  // What a former artifact of that name has left.
  collectImageGarbage(engine);
  return digest;
}

async function fetchBlobs(engine: Engine, source: SourceImage, onEvent: PullArtifactOptions["onEvent"]): Promise<void> {
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
  readonly engine: Engine;
  readonly source: SourceImage;
  readonly onEvent: PullArtifactOptions["onEvent"];
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
