import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor, Index, Platform } from "../../oci/image.ts";
import { mediaTypes } from "../../oci/image.ts";
import { parseManifest } from "../../oci/manifest.ts";
import { chooseManifest, hostPlatform } from "../../oci/platform.ts";
import { parseReference, type Reference, repositoryName, withDefaultTag } from "../../oci/reference.ts";
import type { ImageRecord } from "../../storage/images.ts";
import type { ManifestListRecord } from "../../storage/manifest-lists.ts";
import { type FilePlace, parseLocation } from "../transport/location.ts";
import { blobsOf, type FindOptions, type Instance } from "./content.ts";

type FindEngine = Pick<Engine, "images" | "manifestLists" | "blobs" | "leases" | "paths">;

const localTransport = "containers-storage:";
const registryTransport = "docker://";
const fileTransports = /^(?:dir|oci|oci-archive|docker-archive):/;

/**
 * The images that a name stands for, as entries of a list: those of the store, else of the registry. What lies in an archive or a
 * folder is copied into the store, but not unpacked. With `docker://` in front
 * only the registry is asked; with --all it is asked first, unless the name is that of a local list.
 * @throws {DhowError} `not-found`, `unavailable`, and whatever else a registry can fail with.
 */
export async function findInstances(engine: FindEngine, name: string, options: FindOptions): Promise<Instance[]> {
  if (fileTransports.test(name)) {
    const location = parseLocation(name) as FilePlace;
    return (await import("./file-instances.ts")).findInFile(engine, location, options);
  }
  if (name.startsWith(registryTransport)) return findRemote(name.slice(registryTransport.length), options);
  if (name.startsWith(localTransport)) return requireLocal(engine, name.slice(localTransport.length), options);
  const list = engine.manifestLists.find(name);
  if (list) return fromList(engine, list, options);
  const local = fromImages(engine, name, options);
  if (local.length > 0 && (!options.all || local.length > 1 || isLocalName(engine, name))) return local;
  try {
    return await findRemote(name, options);
  } catch (error) {
    if (local.length > 0) return local;
    throw error;
  }
}

/** Images that were made here exist nowhere else. */
function isLocalName({ images }: FindEngine, name: string): boolean {
  return images.findName(name)?.startsWith("localhost/") ?? true;
}

function requireLocal(engine: FindEngine, name: string, options: FindOptions): Instance[] {
  const list = engine.manifestLists.find(name);
  const found = list ? fromList(engine, list, options) : fromImages(engine, name, options);
  if (found.length > 0) return found;
  throw new DhowError(`${name}: image not known`, { kind: "not-found" });
}

function fromImages(engine: FindEngine, name: string, { all, platform }: FindOptions): Instance[] {
  const one = engine.images.find(name, platform) ?? engine.images.find(name);
  const images = all ? engine.images.findAll(name).toReversed() : one ? [one] : [];
  return images.map((image) => storedInstance(engine, image));
}

/** A stored image as an entry. */
export function storedInstance({ images, blobs }: Pick<Engine, "images" | "blobs">, image: ImageRecord): Instance {
  const manifest = images.manifest(image);
  const config = images.config(image) as unknown as Platform;
  const { manifestDigest } = image;
  const platform: Platform = {
    architecture: image.architecture,
    os: image.os,
    ...(config["os.version"] ? { "os.version": config["os.version"] } : {}),
    ...(config["os.features"] ? { "os.features": config["os.features"] } : {}),
    ...(image.variant === undefined ? {} : { variant: image.variant }),
  };
  const mediaType = manifest.mediaType ?? mediaTypes.ociManifest;
  const size = blobs.findSize(manifestDigest) ?? 0;
  return {
    descriptor: { mediaType, size, digest: manifestDigest, platform },
    origin: undefined,
    blobs: blobsOf(manifestDigest, manifest),
  };
}

function fromList(engine: FindEngine, list: ManifestListRecord, { all, platform }: FindOptions): Instance[] {
  const chosen = all ? list.index.manifests : [chooseManifest(list.index, platform ?? hostPlatform())];
  return chosen.map((descriptor) => {
    const origin = list.origins[descriptor.digest];
    return { descriptor, origin, blobs: origin === undefined ? storedBlobs(engine, descriptor) : [] };
  });
}

function storedBlobs({ blobs }: Pick<Engine, "blobs">, { digest }: Descriptor): Digest[] {
  const parsed = parseManifest(blobs.read(digest));
  return parsed.kind === "manifest" ? blobsOf(digest, parsed.manifest) : [digest];
}

async function findRemote(name: string, options: FindOptions): Promise<Instance[]> {
  const { connectTo } = await import("../registry-image.ts");
  const { loadRegistriesConfig } = await import("../../registry/registries-conf.ts");
  const reference = withDefaultTag(parseReference(name));
  const client = await connectTo(loadRegistriesConfig(), reference, options.registry);
  try {
    const fetched = await client.fetchManifest(reference);
    const parsed = parseManifest(fetched.bytes, fetched.contentType);
    if (parsed.kind === "index") return chooseEntries(parsed.index, options).map((entry) => remote(reference, entry));
    const { manifest } = parsed;
    const { readRemoteConfig } = await import("./read-remote-config.ts");
    const platform = await readRemoteConfig(client, reference, manifest);
    const mediaType = manifest.mediaType ?? fetched.contentType;
    const descriptor = { mediaType, size: fetched.bytes.length, digest: fetched.digest, platform };
    return [remote(reference, descriptor)];
  } finally {
    await client.close();
  }
}

function chooseEntries(index: Index, { all, platform }: FindOptions): readonly Descriptor[] {
  return all ? index.manifests : [chooseManifest(index, platform ?? hostPlatform())];
}

function remote(reference: Reference, descriptor: Descriptor): Instance {
  return { descriptor, origin: `${repositoryName(reference)}@${descriptor.digest}`, blobs: [] };
}
