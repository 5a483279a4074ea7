import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { ManifestFormat } from "../oci/convert-manifest.ts";
import type { Digest } from "../oci/digest.ts";
import type { Platform } from "../oci/image.ts";
import { formatPlatform, matchesPlatform } from "../oci/platform.ts";
import { formatReference, parseReference, type Reference, repositoryName, withDefaultTag } from "../oci/reference.ts";
import { loadRegistriesConfig } from "../registry/registries-conf.ts";
import type { ImageRecord } from "../storage/images.ts";
import type { CompressionChoice } from "../storage/pack/compress-chunks.ts";
import { loadPolicy } from "../trust/policy-file.ts";
import type { CopyEvent } from "./copy-event.ts";
import { findImage } from "./find.ts";
import { recordImageEvent } from "./record-event.ts";
import { connectForPush, type RegistryOptions } from "./registry-image.ts";
import type { Signer } from "./sign.ts";
import { tagImage } from "./tag.ts";
import { repositoriesOfBlobs } from "./transport/blob-repositories.ts";
import { type Conversion, convertImage } from "./transport/convert-image.ts";
import { openFileSink } from "./transport/file-sink.ts";
import { type FilePlace, type Location, parseLocation } from "./transport/location.ts";
import { writeToRegistry } from "./transport/registry-sink.ts";
import { storedImage } from "./transport/stored-image.ts";

export interface PushOptions extends RegistryOptions {
  /** Undefined: the image's own, or another one where the registry does not take that. */
  readonly format: ManifestFormat | undefined;
  /** What layers become that are compressed otherwise. */
  readonly compression: CompressionChoice | undefined;
  /** Whether layers that the destination has as they are get the compression, too. */
  readonly forceCompression: boolean;
  /** The level for layers that have no compression yet. */
  readonly level: number | undefined;
  /** Which of the images that a name stands for; undefined: this machine's, else the newest. */
  readonly platform?: Platform | undefined;
  /** For `dir:`: compresses layers that are not. */
  readonly compress: boolean;
  /** Signs what is pushed, under the name that it gets. */
  readonly signer?: Signer | undefined;
  readonly onEvent?: ((event: CopyEvent) => void) | undefined;
}

export interface PushedImage {
  /** What it is called there. */
  readonly destination: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Of a registry; undefined for other places. */
  readonly tag: string | undefined;
}

/**
 * Copies a stored image to a registry, a file or a folder. Success means that it is complete there.
 * @param destination Without one, what the image is called is where it goes.
 * @throws {DhowError} `not-found`; as `writeToRegistry` and `openFileSink`.
 */
export async function pushImage(
  engine: Engine,
  source: string,
  destination: string | undefined,
  options: PushOptions,
): Promise<PushedImage> {
  // What leaves the store is not judged, but a policy that cannot be read stops everything, as with podman.
  loadPolicy();
  const { platform } = options;
  if (platform === undefined && engine.manifestLists.find(source)) {
    return pushWholeList(engine, source, destination, options);
  }
  const image = await findImage(engine, source, platform);
  if (platform !== undefined && !matchesPlatform(image, platform)) {
    throw new DhowError(`${source}: image not known for ${formatPlatform(platform)}`, { kind: "not-found" });
  }
  const target = destination === undefined ? ownLocation(engine, image, source) : readDestination(destination);
  const pushed = await pushTo(engine, { image, source, target }, options);
  recordImageEvent(engine, image, "push", pushed.destination);
  return pushed;
}

/** A manifest list goes with all its images. */
async function pushWholeList(
  engine: Engine,
  list: string,
  destination: string | undefined,
  { onEvent = () => {}, ...options }: PushOptions,
): Promise<PushedImage> {
  const { pushList } = await import("./manifest-list/push.ts");
  const watch = () => ({ onEvent, end: () => {} });
  return pushList(engine, list, destination, { ...options, all: true, addCompression: [], watch });
}

/**
 * Pushes every tag of a repository that is stored, each to where its name says.
 * @throws {DhowError} `not-found` if there is none; `invalid-argument` for a name with a tag.
 */
export async function* pushAllTags(
  engine: Engine,
  name: string,
  options: PushOptions,
): AsyncGenerator<PushedImage, void> {
  const written = parseReference(name);
  if (written.tag !== undefined || written.digest !== undefined) {
    throw new DhowError("tag can't be used with --all-tags/-a", { kind: "invalid-argument" });
  }
  const repository = repositoryName(written);
  const names = engine.images.list().flatMap((image) => image.names);
  const tagged = [...new Set(names)].filter((each) => repositoryName(parseReference(each)) === repository).sort();
  if (tagged.length === 0) {
    throw new DhowError(`${name}: no tag of that repository is stored`, { kind: "not-found" });
  }
  for (const each of tagged) yield await pushImage(engine, each, `docker://${each}`, options);
}

/** A name with a registry says where the image belongs; without one it means docker.io, as everywhere. */
function ownLocation(engine: Engine, image: ImageRecord, source: string): Location {
  const stored = engine.images.findName(source);
  if (stored !== undefined && !stored.startsWith("localhost/")) {
    return { transport: "docker", reference: parseReference(stored) };
  }
  if (stored === undefined && image.id.startsWith(source.replace(/^sha256:/, ""))) {
    throw new DhowError(`cannot push ${source}: an image that is named by its id needs a destination`, {
      kind: "invalid-argument",
    });
  }
  return { transport: "docker", reference: withDefaultTag(parseReference(source)) };
}

function readDestination(text: string): Location {
  return parseLocation(text) ?? { transport: "docker", reference: parseReference(text) };
}

interface Push {
  readonly image: ImageRecord;
  /** What the user called it. */
  readonly source: string;
  readonly target: Location;
}

async function pushTo(engine: Engine, { image, source, target }: Push, options: PushOptions): Promise<PushedImage> {
  if (options.signer !== undefined && target.transport !== "docker") {
    throw new DhowError(`cannot sign what goes to ${target.transport}: signatures lie in registries`, {
      kind: "unsupported",
    });
  }
  switch (target.transport) {
    case "docker":
      return pushToRegistry(engine, image, withDefaultTag(target.reference), options);
    case "containers-storage":
      await tagImage(engine, image.id, [target.name]);
      return describe(image, `containers-storage:${target.name}`);
    default:
      return pushToFile(engine, { image, source, target }, options);
  }
}

function describe({ manifestDigest }: ImageRecord, destination: string): PushedImage {
  return { destination, digest: manifestDigest, sizeBytes: 0, tag: undefined };
}

async function pushToRegistry(
  engine: Engine,
  image: ImageRecord,
  reference: Reference,
  options: PushOptions,
): Promise<PushedImage> {
  const { signer } = options;
  const signing = signer && (await import("./sign.ts"));
  if (signer) await signing?.requireSignaturePlace(reference, signer);
  const client = await connectForPush(loadRegistriesConfig(), reference, options);
  try {
    const original = storedImage(engine, image);
    const there = new Set<Digest>();
    if (options.compression !== undefined && !options.forceCompression) {
      for (const layer of original.manifest.layers) {
        if (await client.hasBlob(reference, layer)) there.add(layer.digest);
      }
    }
    using converted = await convertImage(engine, original, {
      ...conversionFor(options),
      keep: ({ digest }) => there.has(digest),
    });
    const { digest, sizeBytes } = await writeToRegistry(engine, converted, {
      client,
      reference,
      findRepository: repositoriesOfBlobs(engine, reference),
      mayChangeFormat: options.format === undefined,
      onEvent: options.onEvent,
    });
    if (signer) await signing?.addSignature(engine, { client, reference }, digest, signer);
    return { destination: formatReference(reference), digest, sizeBytes, tag: reference.tag };
  } finally {
    await client.close();
  }
}

/** Registries are sent no layers without compression. */
function conversionFor({ format, compression, level }: PushOptions): Conversion {
  return { format, compressAll: compression, compressPlain: compression ?? { compression: "gzip", level } };
}

async function pushToFile(
  engine: Engine,
  { image, source, target }: Push & { readonly target: FilePlace },
  options: PushOptions,
): Promise<PushedImage> {
  const gzip = { compression: "gzip", level: options.level } as const;
  const conversions: Readonly<Record<typeof target.transport, Conversion>> = {
    oci: { format: "oci", compressPlain: gzip, compressAll: options.compression },
    "oci-archive": { format: "oci", compressPlain: gzip, compressAll: options.compression },
    "docker-archive": {},
    dir: {
      format: options.format,
      compressAll: options.compression,
      compressPlain: options.compress ? gzip : undefined,
    },
  };
  const names = namesInFile(engine, source, target);
  using sink = await openFileSink(engine, target);
  using converted = await convertImage(engine, storedImage(engine, image), conversions[target.transport]);
  await sink.add(converted, names, options.onEvent);
  await sink.finish();
  return {
    destination: `${target.transport}:${target.path}`,
    digest: converted.manifestDigest,
    sizeBytes: converted.manifestBytes.length,
    tag: undefined,
  };
}

/** What the destination says; an archive of Docker's keeps what the image is called here. */
function namesInFile(engine: Engine, source: string, target: FilePlace): string[] {
  if (target.transport !== "docker-archive") {
    return "image" in target && target.image !== undefined ? [target.image] : [];
  }
  const asked = target.image === undefined ? [] : [formatReference(withDefaultTag(parseReference(target.image)))];
  return [...new Set([...asked, ...[engine.images.findName(source) ?? []].flat()])];
}
