import type { Engine } from "../../engine.ts";
import { type Descriptor, mediaTypes, type Platform } from "../../oci/image.ts";
import { parseImageConfig } from "../../oci/manifest.ts";
import { requireAcceptedFile } from "../accept-file.ts";
import type { FileImage } from "../archive/file-image.ts";
import { fetchBlobs } from "../fetch-blobs.ts";
import { openFileImage } from "../transport/file-source.ts";
import type { FilePlace } from "../transport/location.ts";
import { blobsOf, type FindOptions, type Instance } from "./content.ts";

type FileEngine = Pick<Engine, "blobs" | "leases" | "paths">;

/**
 * The image that an archive or a folder holds, or with `all` everything that its index names, as entries of a list. Their blobs
 * are stored.
 * @throws {DhowError} As `openFileImage`; `permission-denied` if policy.json does not let it in.
 */
export async function findInFile(
  engine: FileEngine,
  place: FilePlace,
  { all, platform }: FindOptions,
): Promise<Instance[]> {
  using opened = await openFileImage(engine, place, platform);
  const { image } = opened;
  await requireAcceptedFile(image, place);
  const instances = all ? await image.instances?.() : undefined;
  if (instances === undefined) return [await store(engine, image, undefined)];
  const stored: Instance[] = [];
  for (const instance of instances) stored.push(await store(engine, instance.image, instance.descriptor));
  return stored;
}

async function store(engine: FileEngine, image: FileImage, entry: Descriptor | undefined): Promise<Instance> {
  const { manifest, manifestBytes } = image;
  await fetchBlobs(engine, image);
  const digest = engine.blobs.put(manifestBytes);
  const descriptor = entry ?? {
    mediaType: manifest.mediaType ?? mediaTypes.ociManifest,
    size: manifestBytes.length,
    digest,
    platform: platformOf(engine, image),
  };
  return { descriptor, origin: undefined, blobs: blobsOf(digest, manifest) };
}

function platformOf({ blobs }: FileEngine, { manifest }: FileImage): Platform {
  const config = parseImageConfig(blobs.read(manifest.config.digest), manifest.layers.length);
  const { architecture, os, variant, "os.version": version } = config as Platform & typeof config;
  return { architecture, os, ...(version ? { "os.version": version } : {}), ...(variant ? { variant } : {}) };
}
