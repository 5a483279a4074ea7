import { isDigest } from "../../oci/digest.ts";
import type { Descriptor, Index, Platform } from "../../oci/image.ts";
import { mediaTypes } from "../../oci/image.ts";
import { parseManifest } from "../../oci/manifest.ts";
import { chooseManifest, isAttestation } from "../../oci/platform.ts";
import { formatReference, parseWrittenReference, qualify, withDefaultTag } from "../../oci/reference.ts";
import { type FileImage, type FileInstance, fileImage, parseFileManifest, parseImageManifest } from "./file-image.ts";
import { damaged, getFile, type ImageFile, type ImageFiles, readFileBytes } from "./image-files.ts";

/** An image of an OCI image layout, and what the layout calls it. */
export interface LayoutImage extends FileImage {
  /** As written there: `latest`, `quay.io/a/b:1`. */
  readonly refName: string | undefined;
}

/**
 * The images of an OCI image layout; where it has an index for a name, the one for the platform.
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md
 * @throws {DhowError} `corrupt`, `unsupported`; `not-found` for an index that has nothing for the platform.
 */
export async function readOciLayout(files: ImageFiles, platform: Platform): Promise<LayoutImage[]> {
  const index = parseManifest(readFileBytes(getFile(files, "index.json"), "index.json"), mediaTypes.ociIndex);
  if (index.kind !== "index") throw damaged("index.json is no index");
  const images = index.index.manifests.filter((descriptor) => !isAttestation(descriptor));
  return Promise.all(images.map((descriptor) => readNamed(files, descriptor, platform)));
}

async function readNamed(files: ImageFiles, descriptor: Descriptor, platform: Platform): Promise<LayoutImage> {
  const { index, manifestBytes } = await resolveManifest(files, descriptor, platform);
  parseImageManifest(manifestBytes);
  const image = readImage(files, manifestBytes, namesOf(descriptor));
  const instances = index && (() => Promise.all(index.manifests.map((entry) => readInstance(files, entry))));
  return { ...image, instances, refName: descriptor.annotations?.["org.opencontainers.image.ref.name"] };
}

async function readInstance(files: ImageFiles, descriptor: Descriptor): Promise<FileInstance> {
  const manifestBytes = readFileBytes(await getManifest(files, descriptor), "a manifest");
  return { descriptor, image: readImage(files, manifestBytes, []) };
}

function readImage(files: ImageFiles, manifestBytes: Uint8Array, names: readonly string[]): FileImage {
  const { config, layers } = parseFileManifest(manifestBytes);
  const blobs = new Map([config, ...layers].map((blob) => [blob.digest, findBlob(files, blob)]));
  return fileImage({ manifestBytes, names, blobs });
}

/** Follows an index to the manifest for a platform. */
async function resolveManifest(
  files: ImageFiles,
  descriptor: Descriptor,
  platform: Platform,
): Promise<{ readonly manifestBytes: Buffer; readonly index?: Index }> {
  const manifestBytes = readFileBytes(await getManifest(files, descriptor), "a manifest");
  const parsed = parseManifest(manifestBytes, descriptor.mediaType);
  if (parsed.kind === "manifest") return { manifestBytes };
  const chosen = await getManifest(files, chooseManifest(parsed.index, platform));
  return { manifestBytes: readFileBytes(chosen, "a manifest"), index: parsed.index };
}

async function getManifest(files: ImageFiles, descriptor: Descriptor): Promise<ImageFile> {
  const file = findBlob(files, descriptor);
  if ((await file.findDigest()) !== descriptor.digest) throw different(descriptor);
  return file;
}

function findBlob(files: ImageFiles, descriptor: Descriptor): ImageFile {
  const { digest, size } = descriptor;
  if (!isDigest(digest)) throw damaged("malformed digest");
  const file = getFile(files, `blobs/${digest.replace(":", "/")}`);
  if (file.sizeBytes !== size) throw different(descriptor);
  return file;
}

function different({ digest }: Descriptor): Error {
  return damaged(`blob ${digest} does not have that digest or size`);
}

/** containerd keeps the full name in an annotation of its own; skopeo and podman use the specified one. */
function namesOf({ annotations }: Descriptor): string[] {
  const name = annotations?.["io.containerd.image.name"] || annotations?.["org.opencontainers.image.ref.name"];
  return name ? qualifyName(name) : [];
}

/** As podman, short names go below localhost/; what is no name at all leaves the image without one. */
function qualifyName(text: string): string[] {
  try {
    const written = parseWrittenReference(text);
    if (written.digest !== undefined) return [];
    return [formatReference(withDefaultTag(qualify(written, written.registry ?? "localhost")))];
  } catch {
    return [];
  }
}
