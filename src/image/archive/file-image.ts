import { createHash } from "node:crypto";
import { closeSync, openSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";
import { DhowError } from "../../errors.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor, Manifest } from "../../oci/image.ts";
import { parseManifest, requireImage } from "../../oci/manifest.ts";
import type { BlobTarget } from "../../registry/client.ts";
import { sha256 } from "../../storage/hash.ts";
import type { SourceImage } from "../source-image.ts";
import { damaged, type ImageFile } from "./image-files.ts";

/** An image of an archive or a folder. */
export interface FileImage extends SourceImage {
  /** Qualified names with a tag, as the archive or folder has them. */
  readonly names: readonly string[];
  /** Everything that the index names which this image was chosen from; undefined if there is no such index. */
  readonly instances?: (() => Promise<readonly FileInstance[]>) | undefined;
}

/** An entry of an index, which may be something else than an image. */
export interface FileInstance {
  readonly descriptor: Descriptor;
  readonly image: FileImage;
}

export interface FileImageParts {
  readonly manifestBytes: Uint8Array;
  readonly names: readonly string[];
  /** The config and the layers: files, or what was made up for the image. */
  readonly blobs: ReadonlyMap<Digest, ImageFile | Uint8Array>;
  readonly instances?: FileImage["instances"];
}

/** @throws {DhowError} `corrupt`, `unsupported` for an index. */
export function fileImage({ manifestBytes, names, blobs, instances }: FileImageParts): FileImage {
  const manifest = parseFileManifest(manifestBytes);
  return {
    manifest,
    manifestBytes,
    manifestDigest: sha256(manifestBytes),
    index: undefined,
    names,
    instances,
    async fetchBlob(descriptor, target) {
      const blob = blobs.get(descriptor.digest);
      if (blob === undefined) throw damaged(`blob ${descriptor.digest} is missing`);
      if (blob instanceof Uint8Array) writeFileSync(target.path, blob, { mode: 0o600 });
      else if (blob.isOurs) await moveBlob(blob, descriptor, target);
      else await copyBlob(blob, descriptor, target);
    },
    findBlobFile: () => undefined,
  };
}

/** The manifest of an image. @throws {DhowError} As {@link fileImage}; `unsupported` for a manifest of something else. */
export function parseImageManifest(bytes: Uint8Array): Manifest {
  const manifest = parseFileManifest(bytes);
  requireImage(manifest);
  return manifest;
}

/** The manifest of whatever has one. */
export function parseFileManifest(bytes: Uint8Array): Manifest {
  const parsed = parseManifest(bytes);
  if (parsed.kind === "manifest") return parsed.manifest;
  throw new DhowError("cannot read the archive: nested indexes", { kind: "unsupported" });
}

async function moveBlob(file: ImageFile, descriptor: Descriptor, { path, onProgress }: BlobTarget): Promise<void> {
  if ((await file.findDigest()) !== descriptor.digest || file.sizeBytes !== descriptor.size) throw mismatch(descriptor);
  renameSync(file.path, path);
  onProgress?.(descriptor.size);
}

const chunkBytes = 1 << 20;

/** One buffer does for all of it, so that memory stays flat whatever the size. */
async function copyBlob(file: ImageFile, descriptor: Descriptor, target: BlobTarget): Promise<void> {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafeSlow(chunkBytes);
  await using source = await open(file.path, "r");
  const output = openSync(target.path, "w", 0o600);
  let copied = 0;
  try {
    while (copied < file.sizeBytes) {
      target.signal?.throwIfAborted();
      const length = Math.min(chunkBytes, file.sizeBytes - copied);
      const { bytesRead } = await source.read(buffer, 0, length, file.offset + copied);
      if (bytesRead === 0) break;
      const chunk = buffer.subarray(0, bytesRead);
      hash.update(chunk);
      for (let offset = 0; offset < chunk.length; ) offset += writeSync(output, chunk, offset);
      copied += bytesRead;
      target.onProgress?.(copied);
    }
  } finally {
    closeSync(output);
  }
  if (copied !== descriptor.size || `sha256:${hash.digest("hex")}` !== descriptor.digest) throw mismatch(descriptor);
}

function mismatch({ digest }: Descriptor): DhowError {
  return damaged(`blob ${digest} does not have that digest or size`);
}
