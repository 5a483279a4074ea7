import type { Engine } from "../../engine.ts";
import { type Digest, digestHex } from "../../oci/digest.ts";
import { type Descriptor, type Index, mediaTypes } from "../../oci/image.ts";
import { parseManifest } from "../../oci/manifest.ts";
import { sha256 } from "../../storage/hash.ts";
import { folderFiles, readFileBytes } from "../archive/image-files.ts";
import type { CopyEvent } from "../copy-event.ts";
import type { SourceImage } from "../source-image.ts";
import { addImageBlobs } from "./add-image-blobs.ts";
import { archiveWriter, type FileWriter, folderWriter } from "./file-writers.ts";
import type { ImageSink } from "./image-sink.ts";

const refName = "org.opencontainers.image.ref.name";

/** An archive with an OCI image layout in it. */
export function ociArchiveSink(engine: Pick<Engine, "paths">, path: string | undefined): ImageSink {
  return layoutSink(engine, archiveWriter(engine, path), []);
}

/**
 * An OCI image layout in a folder, that may be there and hold other images: one of the same name is replaced.
 * @throws {DhowError} `corrupt` if its index.json is no index.
 */
export function ociFolderSink(engine: Pick<Engine, "paths">, folder: string): ImageSink {
  const index = folderFiles(folder).find("index.json");
  const parsed = index && parseManifest(readFileBytes(index, "index.json"), mediaTypes.ociIndex);
  return layoutSink(engine, folderWriter(folder), parsed?.kind === "index" ? parsed.index.manifests : []);
}

function layoutSink(engine: Pick<Engine, "paths">, files: FileWriter, present: readonly Descriptor[]): ImageSink {
  let manifests = present;
  let hasFolders = false;
  const written = new Set<string>();
  const blobName = (hex: string) => `blobs/sha256/${hex}`;
  const addImage = async (image: SourceImage, onEvent: ((event: CopyEvent) => void) | undefined) => {
    if (!hasFolders) for (const folder of ["blobs", "blobs/sha256"]) await files.addFolder(folder);
    hasFolders = true;
    await addImageBlobs(engine, image, { files, written, blobName, onEvent });
    await addOnce(image.manifestDigest, image.manifestBytes);
    onEvent?.({ type: "manifest" });
  };
  const addOnce = async (digest: Digest, bytes: Uint8Array) => {
    const hex = digestHex(digest);
    if (!written.has(hex)) await files.addBytes(blobName(hex), bytes);
    written.add(hex);
  };
  const addEntry = (descriptor: Descriptor, names: readonly string[]) => {
    const added: Descriptor[] = names.map((name) => ({ ...descriptor, annotations: { [refName]: name } }));
    manifests = [
      ...manifests.filter((other) => !isReplaced(other, descriptor, names)),
      ...(added.length > 0 ? added : [descriptor]),
    ];
  };
  return {
    async add(image, names, onEvent) {
      await addImage(image, onEvent);
      const mediaType = image.manifest.mediaType ?? mediaTypes.ociManifest;
      addEntry({ mediaType, digest: image.manifestDigest, size: image.manifestBytes.length }, names);
    },
    index: {
      addInstance: addImage,
      async addIndex({ bytes, mediaType }, names) {
        const digest = sha256(bytes);
        await addOnce(digest, bytes);
        addEntry({ mediaType, digest, size: bytes.length }, names);
      },
    },
    async finish() {
      await files.addBytes("oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
      const index: Index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests };
      await files.addBytes("index.json", Buffer.from(JSON.stringify(index)));
      await files.finish();
    },
    [Symbol.dispose]: () => files[Symbol.dispose](),
  };
}

/** Those of the same names; without any, the one that is the same image without a name. */
function isReplaced(other: Descriptor, { digest }: Descriptor, names: readonly string[]): boolean {
  const name = other.annotations?.[refName];
  return name === undefined ? other.digest === digest : names.includes(name);
}
