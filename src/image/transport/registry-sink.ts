import type { Engine } from "../../engine.ts";
import { isKind } from "../../errors.ts";
import { convertManifest, fitsFormat, formatOfManifest } from "../../oci/convert-manifest.ts";
import type { Digest } from "../../oci/digest.ts";
import { type Descriptor, type Manifest, mediaTypes } from "../../oci/image.ts";
import type { Reference } from "../../oci/reference.ts";
import type { RegistryClient } from "../../registry/client.ts";
import type { BlobSource } from "../../registry/upload.ts";
import { sha256 } from "../../storage/hash.ts";
import type { CopyEvent } from "../copy-event.ts";
import { createSlots } from "../slots.ts";
import type { SourceImage } from "../source-image.ts";
import { withBlobFile } from "./blob-file.ts";

export interface RegistryTarget {
  readonly client: RegistryClient;
  /** With a tag, or else the image is stored under its digest alone. */
  readonly reference: Reference;
  /** A repository of the same registry that may have the blob. */
  findRepository(digest: Digest): string | undefined;
  /** Whether another format of manifest will do where the registry does not know the image's. */
  readonly mayChangeFormat: boolean;
  readonly onEvent?: ((event: CopyEvent) => void) | undefined;
}

export interface PushedManifest {
  readonly digest: Digest;
  readonly sizeBytes: number;
}

const parallelUploads = 4;

/**
 * Copies an image to a registry: layers first, then the config, then the manifest, so that nobody ever sees an image that is not
 * complete. What the registry has is not sent.
 * @throws {DhowError} `permission-denied`, `unavailable`; `unsupported` if the registry does not take the manifest.
 */
export async function writeToRegistry(
  engine: Pick<Engine, "paths">,
  image: SourceImage,
  target: RegistryTarget,
): Promise<PushedManifest> {
  const { onEvent } = target;
  const { config, layers } = image.manifest;
  const blobs = [...new Map(layers.filter(isSent).map((layer) => [layer.digest, layer])).values()];
  const present = await findPresent(blobs, target);
  onEvent?.({
    type: "layers",
    layers: blobs.map(({ digest, size }) => ({ digest, sizeBytes: size, isPresent: present.has(digest) })),
  });
  await putBlobs(engine, image, { target, blobs: blobs.filter(({ digest }) => !present.has(digest)) });
  if (!(await target.client.hasBlob(target.reference, config))) {
    await withBlobFile(engine, image, { descriptor: config, use: (path) => putBlob(target, config, { path }) });
  }
  onEvent?.({ type: "config", digest: config.digest });
  const written = await putManifest(image, target);
  onEvent?.({ type: "manifest" });
  return written;
}

/** Whoever pulls gets layers with addresses of their own from there. */
function isSent({ urls }: Descriptor): boolean {
  return urls === undefined || urls.length === 0;
}

async function findPresent(
  blobs: readonly Descriptor[],
  { client, reference }: RegistryTarget,
): Promise<ReadonlySet<Digest>> {
  const slots = createSlots(parallelUploads);
  const found = await Promise.all(blobs.map((blob) => slots(() => client.hasBlob(reference, blob))));
  return new Set(blobs.filter((_, position) => found[position]).map(({ digest }) => digest));
}

async function putBlobs(
  engine: Pick<Engine, "paths">,
  image: SourceImage,
  { target, blobs }: { readonly target: RegistryTarget; readonly blobs: readonly Descriptor[] },
): Promise<void> {
  const slots = createSlots(parallelUploads);
  const abort = new AbortController();
  const put = (descriptor: Descriptor) =>
    slots(async () => {
      abort.signal.throwIfAborted();
      await withBlobFile(engine, image, {
        descriptor,
        use: (path) =>
          putBlob(target, descriptor, {
            path,
            signal: abort.signal,
            onProgress: (copiedBytes) => target.onEvent?.({ type: "progress", digest: descriptor.digest, copiedBytes }),
          }),
      });
      target.onEvent?.({ type: "layer", digest: descriptor.digest });
    });
  const sent = blobs.map((blob) =>
    put(blob).catch((error: unknown) => {
      // The first failure is the reason; the others are only told to stop.
      abort.abort(error);
      throw error;
    }),
  );
  await Promise.allSettled(sent);
  await Promise.all(sent).catch((error: unknown) => {
    throw abort.signal.reason ?? error;
  });
}

async function putBlob(
  { client, reference, findRepository }: RegistryTarget,
  descriptor: Descriptor,
  source: Omit<BlobSource, "mountFrom">,
): Promise<void> {
  await client.putBlob(reference, descriptor, { ...source, mountFrom: findRepository(descriptor.digest) });
}

async function putManifest(image: SourceImage, target: RegistryTarget): Promise<PushedManifest> {
  try {
    return await putManifestBytes(image.manifest, image.manifestBytes, target);
  } catch (error) {
    const other = formatOfManifest(image.manifest) === "oci" ? "docker" : "oci";
    if (!isKind(error, "unsupported") || !target.mayChangeFormat || !fitsFormat(image.manifest, other)) throw error;
    const manifest = convertManifest(image.manifest, other);
    return await putManifestBytes(manifest, Buffer.from(JSON.stringify(manifest)), target).catch(() => {
      // The registry's own complaint about the image as it is says more.
      throw error;
    });
  }
}

async function putManifestBytes(
  { mediaType = mediaTypes.ociManifest }: Manifest,
  bytes: Uint8Array,
  { client, reference }: RegistryTarget,
): Promise<PushedManifest> {
  const digest = sha256(bytes);
  const target = reference.tag === undefined ? { ...reference, digest } : reference;
  await client.putManifest(target, { bytes, mediaType });
  return { digest, sizeBytes: bytes.length };
}
