import type { Engine } from "../engine.ts";
import type { Digest } from "../oci/digest.ts";
import type { ArtifactRecord } from "../storage/artifacts.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { type LayerUsage, measureBlobs, measureFolders, measureLayers } from "../storage/disk-usage.ts";
import type { ImageRecord } from "../storage/images.ts";
import type { VolumeRecord } from "../storage/volumes.ts";

export interface ImageUsage {
  readonly image: ImageRecord;
  /** Bytes on the disk that other images need, too. */
  readonly sharedBytes: number;
  readonly uniqueBytes: number;
  readonly containers: number;
}

export interface ContainerUsage {
  readonly container: ContainerRecord;
  /** What it has written. */
  readonly bytes: number;
}

export interface ArtifactUsage {
  readonly artifact: ArtifactRecord;
  readonly bytes: number;
}

export interface VolumeUsage {
  readonly volume: VolumeRecord;
  readonly bytes: number;
  /** How many containers use it. */
  readonly links: number;
}

/** What is on the disk: blocks, as du counts them. */
export interface DiskUsage {
  readonly images: readonly ImageUsage[];
  /** All layers and blobs but those of artifacts alone. */
  readonly imagesBytes: number;
  /** What goes when all images without a container are removed. */
  readonly imagesReclaimableBytes: number;
  readonly artifacts: readonly ArtifactUsage[];
  /** What artifacts take, counting once what several of them share. */
  readonly artifactsBytes: number;
  readonly containers: readonly ContainerUsage[];
  readonly volumes: readonly VolumeUsage[];
}

type UsageEngine = Pick<Engine, "images" | "artifacts" | "containers" | "volumes" | "database" | "paths">;

/** Measures what dhow takes. Layers are measured once in their life, containers and volumes each time. */
export function measureDiskUsage(engine: UsageEngine): DiskUsage {
  const { images, containers, database, paths } = engine;
  const parts = partSizes(measureLayers(paths.data, database), measureBlobs(paths.data));
  // What lies in another store takes nothing here.
  const records = images.list().filter(({ readOnly }) => !readOnly);
  const needs = new Map(records.map((image) => [image.id, partsOf(engine, parts, image)]));
  const users = countUsers([...needs.values()]);
  const counts = containers.countByImage();
  const sum = (keys: Iterable<string>) => [...keys].reduce((bytes, key) => bytes + (parts.sizes.get(key) ?? 0), 0);

  const kept = new Set<string>(records.filter(({ id }) => counts.has(id)).flatMap(({ id }) => needs.get(id) ?? []));
  const artifacts = engine.artifacts.list().map((artifact) => ({ artifact, keys: blobsOfArtifact(artifact, users) }));
  const artifactsBytes = sum(new Set(artifacts.flatMap(({ keys }) => keys)));
  const imagesBytes = sum(parts.sizes.keys()) - artifactsBytes;
  return {
    images: records.map((image) => {
      const own = needs.get(image.id) ?? [];
      const shared = own.filter((key) => (users.get(key) ?? 0) > 1);
      const sharedBytes = sum(shared);
      return { image, sharedBytes, uniqueBytes: sum(own) - sharedBytes, containers: counts.get(image.id) ?? 0 };
    }),
    imagesBytes,
    imagesReclaimableBytes: imagesBytes - sum(kept),
    artifacts: artifacts.map(({ artifact, keys }) => ({ artifact, bytes: sum(keys) })),
    artifactsBytes,
    containers: measureContainers(containers),
    volumes: measureVolumes(engine.volumes),
  };
}

/** Layers by chain id and blobs by digest, with what each takes. */
interface Parts {
  readonly sizes: ReadonlyMap<string, number>;
  readonly parents: ReadonlyMap<string, Digest | undefined>;
}

function partSizes(layers: readonly LayerUsage[], blobs: ReadonlyMap<string, number>): Parts {
  // A base layer's chain id is its diff id, and that is the digest of its blob if that is not compressed.
  const sizes = new Map([...blobs].map(([digest, bytes]) => [`blob ${digest}`, bytes]));
  for (const { chainId, diskBytes } of layers) {
    sizes.set(`layer ${chainId}`, (sizes.get(`layer ${chainId}`) ?? 0) + diskBytes);
  }
  return { sizes, parents: new Map(layers.map(({ chainId, parent }) => [chainId, parent])) };
}

function partsOf({ images }: UsageEngine, { parents }: Parts, image: ImageRecord): string[] {
  const keys = images.blobs(image.id).map((digest) => `blob ${digest}`);
  for (let next = image.topLayer; next !== undefined && parents.has(next); next = parents.get(next)) {
    keys.push(`layer ${next}`);
  }
  return keys;
}

/** Those that no image needs, too. */
function blobsOfArtifact({ digest, manifest }: ArtifactRecord, users: ReadonlyMap<string, number>): string[] {
  const digests = [digest, ...[manifest.config, ...manifest.layers].map((blob) => blob.digest)];
  return [...new Set(digests.map((each) => `blob ${each}`))].filter((key) => !users.has(key));
}

function countUsers(needs: readonly (readonly string[])[]): Map<string, number> {
  const users = new Map<string, number>();
  for (const key of needs.flat()) users.set(key, (users.get(key) ?? 0) + 1);
  return users;
}

function measureContainers(containers: Engine["containers"]): ContainerUsage[] {
  const records = containers.list();
  const sizes = measureFolders(records.map(({ id }) => `${containers.directory(id)}/diff`));
  return records.map((container, position) => ({ container, bytes: sizes[position] ?? 0 }));
}

function measureVolumes(volumes: Engine["volumes"]): VolumeUsage[] {
  const records = volumes.list();
  const links = volumes.countUsers();
  const sizes = measureFolders(records.map(({ name }) => volumes.dataDirectory(name)));
  return records.map((volume, position) => ({
    volume,
    bytes: sizes[position] ?? 0,
    links: links.get(volume.name) ?? 0,
  }));
}
