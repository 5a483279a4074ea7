import { isDigest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/image.ts";
import { mediaTypes } from "../../oci/image.ts";
import { parseManifest } from "../../oci/manifest.ts";
import { chooseManifest, hostPlatform, isAttestation } from "../../oci/platform.ts";
import { formatReference, parseWrittenReference, qualify, withDefaultTag } from "../../oci/reference.ts";
import { type FileImage, fileImage, parseImageManifest } from "./file-image.ts";
import { damaged, getFile, type ImageFile, type ImageFiles, readFileBytes } from "./image-files.ts";

/** An image of an OCI image layout, and what the layout calls it. */
export interface LayoutImage extends FileImage {
  /** As written there: `latest`, `quay.io/a/b:1`. */
  readonly refName: string | undefined;
}

/**
 * The images of an OCI image layout.
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md
 * @throws {DhowError} `corrupt`, `unsupported`; `not-found` for an index that has nothing for this machine.
 */
export async function readOciLayout(files: ImageFiles): Promise<LayoutImage[]> {
  const index = parseManifest(readFileBytes(getFile(files, "index.json"), "index.json"), mediaTypes.ociIndex);
  if (index.kind !== "index") throw damaged("index.json is no index");
  const images = index.index.manifests.filter((descriptor) => !isAttestation(descriptor));
  return Promise.all(images.map((descriptor) => readImage(files, descriptor)));
}

async function readImage(files: ImageFiles, descriptor: Descriptor): Promise<LayoutImage> {
  const manifestBytes = readFileBytes(await resolveManifest(files, descriptor), "a manifest");
  const { config, layers } = parseImageManifest(manifestBytes);
  const blobs = new Map([config, ...layers].map((blob) => [blob.digest, findBlob(files, blob)]));
  const names = namesOf(descriptor);
  const refName = descriptor.annotations?.["org.opencontainers.image.ref.name"];
  return { ...fileImage({ manifestBytes, names, blobs }), refName };
}

/** Follows an index to the manifest for this machine. */
async function resolveManifest(files: ImageFiles, descriptor: Descriptor): Promise<ImageFile> {
  const file = await getManifest(files, descriptor);
  const parsed = parseManifest(readFileBytes(file, "a manifest"), descriptor.mediaType);
  if (parsed.kind === "manifest") return file;
  return getManifest(files, chooseManifest(parsed.index, hostPlatform()));
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
