import type { Digest } from "../oci/digest.ts";
import type { ImageConfig, Manifest } from "../oci/image.ts";

/** A stored image: a manifest whose config and layers are all present. */
export interface ImageRecord {
  /** Hex of the config digest: what users know as the image id. */
  readonly id: string;
  readonly manifestDigest: Digest;
  readonly configDigest: Digest;
  /** Chain id of the top layer; undefined for an image without layers. */
  readonly topLayer: Digest | undefined;
  /** Fully qualified references with a tag, as `docker.io/library/alpine:latest`. */
  readonly names: readonly string[];
  /** `repository@digest` for each place it came from; of the manifest and of the index that named it. */
  readonly repoDigests: readonly string[];
  readonly createdAt: Date;
  /** Bytes of all unpacked layers plus the config. */
  readonly sizeBytes: number;
  readonly os: string;
  readonly architecture: string;
  readonly variant: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ImageStore {
  list(): ImageRecord[];
  /**
   * Finds an image by id, unique id prefix, name (short names: localhost/, then docker.io/library/ and docker.io/, then any
   * stored registry, as Podman) or digest.
   * @throws {DhowError} `conflict` if an id prefix fits several.
   */
  find(nameOrId: string): ImageRecord | undefined;
  /** @throws {DhowError} `not-found`: podman's "NAME: image not known". */
  get(nameOrId: string): ImageRecord;
  /** Records an image whose blobs and layers are stored and gives it the names, taking them from other images. */
  add(image: { manifestDigest: Digest; names: readonly string[]; repoDigests: readonly string[] }): ImageRecord;
  addName(id: string, name: string): void;
  removeName(id: string, name: string): void;
  /** Removes the record; blobs and layers go with the next garbage collection. */
  remove(id: string): void;
  config(image: ImageRecord): ImageConfig;
  manifest(image: ImageRecord): Manifest;
}
