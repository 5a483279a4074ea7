import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import type { ManifestFormat } from "../../oci/convert-manifest.ts";
import type { Digest } from "../../oci/digest.ts";
import { formatReference, type Reference } from "../../oci/reference.ts";
import { loadRegistriesConfig } from "../../registry/registries-conf.ts";
import type { CompressionChoice } from "../../storage/pack/compress-chunks.ts";
import type { CopyEvent } from "../copy-event.ts";
import type { PushOptions } from "../push.ts";
import { connectForPush } from "../registry-image.ts";
import type { SourceImage } from "../source-image.ts";
import { repositoriesOfBlobs } from "../transport/blob-repositories.ts";
import { openFileSink } from "../transport/file-sink.ts";
import type { IndexSink } from "../transport/image-sink.ts";
import type { FilePlace } from "../transport/location.ts";
import { type PushedManifest, writeToRegistry } from "../transport/registry-sink.ts";

/** Where a manifest list goes: its images first, one by one, then the list. It must be disposed of. */
export interface ListTarget extends AsyncDisposable {
  readonly name: string;
  /** Of a registry; undefined for other places. */
  readonly tag: string | undefined;
  /** What everything has to be written in there, if that is so. */
  readonly format: ManifestFormat | undefined;
  /** What layers become that have no compression; undefined: they stay so. */
  readonly compressPlain: CompressionChoice | undefined;
  /** @param origin A repository of the same registry that has the image. */
  putImage(image: SourceImage, how: PutImageOptions): Promise<PushedManifest>;
  /** Success means that the list is complete there. */
  putIndex(index: { readonly bytes: Buffer; readonly mediaType: string; readonly digest: Digest }): Promise<void>;
}

export interface PutImageOptions {
  readonly origin: string | undefined;
  readonly onEvent: ((event: CopyEvent) => void) | undefined;
}

type TargetEngine = Pick<Engine, "images" | "paths">;
type TargetOptions = Pick<PushOptions, "level" | "compression" | "signer"> & Parameters<typeof connectForPush>[2];

/**
 * Connects to the registry that a reference names. With a key, everything that is put there is signed.
 * @throws {DhowError} What connecting fails with; `unsupported` if signatures may not be put there.
 */
export async function openRegistryTarget(
  engine: TargetEngine,
  reference: Reference,
  { signer, compression, level, ...options }: TargetOptions,
): Promise<ListTarget> {
  const signing = signer && (await import("../sign.ts"));
  if (signer) await signing?.requireSignaturePlace(reference, signer);
  const client = await connectForPush(loadRegistriesConfig(), reference, options);
  const findElsewhere = repositoriesOfBlobs(engine, reference);
  const sign = async (digest: Digest) => {
    if (signer) await signing?.addSignature(engine, { client, reference }, digest, signer);
  };
  return {
    name: formatReference(reference),
    tag: reference.tag,
    format: undefined,
    compressPlain: compression ?? { compression: "gzip", level },
    async putImage(image, { origin, onEvent }) {
      const pushed = await writeToRegistry(engine, image, {
        client,
        reference: { ...reference, tag: undefined, digest: undefined },
        findRepository: (blob) => origin ?? findElsewhere(blob),
        mayChangeFormat: false,
        onEvent,
      });
      await sign(pushed.digest);
      return pushed;
    },
    async putIndex({ bytes, mediaType, digest }) {
      await client.putManifest(reference, { bytes, mediaType });
      await sign(digest);
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/**
 * Opens an archive or a folder.
 * @throws {DhowError} `unsupported` for one that has no place for lists, and for signatures; as `openFileSink`.
 */
export async function openFileTarget(
  engine: TargetEngine,
  place: FilePlace,
  { signer, compression, level }: TargetOptions,
): Promise<ListTarget> {
  const name = `${place.transport}:${place.path}`;
  if (signer !== undefined) {
    throw new DhowError(`cannot sign what goes to ${name}: signatures lie in registries`, { kind: "unsupported" });
  }
  const sink = await openFileSink(engine, place);
  const index: IndexSink | undefined = sink.index;
  if (index === undefined) {
    sink[Symbol.dispose]();
    throw new DhowError(`cannot push a manifest list to ${name}: an archive of Docker's holds single images`, {
      kind: "unsupported",
      hint: "use oci-archive:, oci: or dir:, or push one image with 'dhow push'",
    });
  }
  const names = "image" in place && place.image !== undefined ? [place.image] : [];
  return {
    name,
    tag: undefined,
    format: place.transport === "dir" ? undefined : "oci",
    compressPlain: place.transport === "dir" ? undefined : (compression ?? { compression: "gzip", level }),
    async putImage(image, { onEvent }) {
      await index.addInstance(image, onEvent);
      return { digest: image.manifestDigest, sizeBytes: image.manifestBytes.length };
    },
    async putIndex(content) {
      await index.addIndex(content, names);
      await sink.finish();
    },
    [Symbol.asyncDispose]: async () => sink[Symbol.dispose](),
  };
}
