import { DhowError } from "../../errors.ts";
import { isDigest } from "../../oci/digest.ts";
import type { Descriptor, Manifest } from "../../oci/image.ts";
import { mediaTypes } from "../../oci/image.ts";
import { parseManifest } from "../../oci/manifest.ts";
import { chooseManifest, hostPlatform } from "../../oci/platform.ts";
import { type ArchiveFile, type ArchiveFiles, readArchiveBytes, readArchiveJson } from "./unpack-archive.ts";

/** An image in an archive: its manifest, the copies of its blobs, and the names that the archive gives it. */
export interface ArchivedImage {
  readonly manifest: Uint8Array;
  /** Config and layers, in the manifest's order. */
  readonly blobs: readonly ArchiveFile[];
  /** As written in the archive; not normalised, possibly none. */
  readonly names: readonly string[];
}

/**
 * The images of an archive: of `docker save` (manifest.json) or of the OCI image layout (index.json).
 * @throws {DhowError} `invalid-argument` if it is neither; `corrupt` if something it names is missing or differs.
 */
export function findImages(files: ArchiveFiles): ArchivedImage[] {
  // `docker save` of Docker 25 and later writes both: the OCI form carries the original manifests
  if (files.has("index.json")) return ociImages(files);
  if (files.has("manifest.json")) return dockerImages(files);
  throw new DhowError("the archive holds no image: neither manifest.json nor index.json", { kind: "invalid-argument" });
}

interface DockerEntry {
  readonly Config: string;
  readonly RepoTags: readonly string[] | null;
  readonly Layers: readonly string[];
}

function dockerImages(files: ArchiveFiles): ArchivedImage[] {
  const entries = readArchiveJson(get(files, "manifest.json"), "manifest.json");
  if (!Array.isArray(entries) || !entries.every(isDockerEntry)) {
    throw new DhowError("cannot read the archive: manifest.json is malformed", { kind: "corrupt" });
  }
  return entries.map((entry) => {
    const config = get(files, entry.Config);
    const layers = entry.Layers.map((name) => get(files, name));
    const manifest: Manifest = {
      schemaVersion: 2,
      mediaType: mediaTypes.dockerManifest,
      config: describe(mediaTypes.dockerConfig, config),
      layers: layers.map((layer) => describe(mediaTypes.dockerLayer, layer)),
    };
    return { manifest: Buffer.from(JSON.stringify(manifest)), blobs: [config, ...layers], names: entry.RepoTags ?? [] };
  });
}

function isDockerEntry(value: unknown): value is DockerEntry {
  const { Config, RepoTags, Layers } = (value ?? {}) as Partial<Record<keyof DockerEntry, unknown>>;
  const isTexts = (list: unknown) => Array.isArray(list) && list.every((item) => typeof item === "string");
  return typeof Config === "string" && isTexts(Layers) && (RepoTags == null || isTexts(RepoTags));
}

function ociImages(files: ArchiveFiles): ArchivedImage[] {
  const index = parseManifest(readArchiveBytes(get(files, "index.json"), "index.json"), mediaTypes.ociIndex);
  if (index.kind !== "index")
    throw new DhowError("cannot read the archive: index.json is no index", { kind: "corrupt" });
  return index.index.manifests.map((descriptor) => {
    const manifestFile = resolveManifest(files, descriptor);
    const bytes = readArchiveBytes(manifestFile, "a manifest");
    const parsed = parseManifest(bytes);
    if (parsed.kind !== "manifest")
      throw new DhowError("cannot read the archive: nested indexes", { kind: "unsupported" });
    const { config, layers } = parsed.manifest;
    return {
      manifest: bytes,
      blobs: [config, ...layers].map((blob) => getBlob(files, blob)),
      names: namesOf(descriptor),
    };
  });
}

/** Follows an index to the manifest for this machine. */
function resolveManifest(files: ArchiveFiles, descriptor: Descriptor): ArchiveFile {
  const file = getBlob(files, descriptor);
  const parsed = parseManifest(readArchiveBytes(file, "a manifest"), descriptor.mediaType);
  return parsed.kind === "manifest" ? file : getBlob(files, chooseManifest(parsed.index, hostPlatform()));
}

/** containerd keeps the full name in an annotation of its own; skopeo and podman use the specified one. */
function namesOf({ annotations }: Descriptor): string[] {
  const name = annotations?.["io.containerd.image.name"] ?? annotations?.["org.opencontainers.image.ref.name"];
  return name ? [name] : [];
}

function getBlob(files: ArchiveFiles, { digest, size }: Descriptor): ArchiveFile {
  if (!isDigest(digest)) throw new DhowError("cannot read the archive: malformed digest", { kind: "corrupt" });
  const file = get(files, `blobs/${digest.replace(":", "/")}`);
  if (file.digest !== digest || file.sizeBytes !== size) {
    throw new DhowError(`cannot read the archive: blob ${digest} does not have that digest or size`, {
      kind: "corrupt",
    });
  }
  return file;
}

function get(files: ArchiveFiles, name: string): ArchiveFile {
  const file = files.get(name);
  if (!file) throw new DhowError(`cannot read the archive: ${JSON.stringify(name)} is missing`, { kind: "corrupt" });
  return file;
}

function describe(mediaType: string, { digest, sizeBytes }: ArchiveFile): Descriptor {
  return { mediaType, digest, size: sizeBytes };
}
