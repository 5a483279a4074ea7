import { readFileSync } from "node:fs";
import { basename, extname } from "node:path";
import type { Engine } from "../../engine.ts";
import { type Descriptor, mediaTypes } from "../../oci/image.ts";
import type { ManifestListRecord } from "../../storage/manifest-lists.ts";
import { emptyConfig, titleAnnotation, unknownArtifactType } from "../artifact/names.ts";
import { storeFile, unreadable } from "../store-file.ts";
import { addEntries, subjectOf } from "./change.ts";
import type { EntryChange, FindOptions } from "./content.ts";

export interface ArtifactOptions {
  readonly artifactType: string | undefined;
  /** A file that becomes the artifact's config; undefined for the empty one. */
  readonly configFile: string | undefined;
  readonly configType: string | undefined;
  /** Media type of the files; undefined: guessed from their names. */
  readonly layerType: string | undefined;
  readonly excludeTitles: boolean;
  /** An image that the artifact is about. */
  readonly subject: string | undefined;
  readonly change: EntryChange;
  readonly find: FindOptions;
}

type ArtifactEngine = Pick<Engine, "images" | "manifestLists" | "blobs" | "leases" | "paths">;

const fileTypes: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".gz": "application/gzip",
  ".html": "text/html; charset=utf-8",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".pdf": "application/pdf",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".xml": "text/xml; charset=utf-8",
};
const anyFileType = "application/octet-stream";

/**
 * Makes an artifact of files and adds it to a list.
 * @throws {DhowError} `not-found` for a list, a file or a subject that is not there.
 */
export async function addArtifactToList(
  engine: ArtifactEngine,
  list: string,
  files: readonly string[],
  options: ArtifactOptions,
): Promise<ManifestListRecord> {
  const record = engine.manifestLists.get(list);
  const layers: Descriptor[] = [];
  for (const file of files) layers.push(await storeLayer(engine, file, options));
  const config = storeConfig(engine, options);
  const artifactType = options.artifactType ?? unknownArtifactType;
  const subject = options.subject === undefined ? undefined : await subjectOf(engine, options.subject, options.find);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      artifactType,
      config,
      layers,
      ...(subject ? { subject } : {}),
    }),
  );
  const digest = engine.blobs.put(manifest);
  const descriptor = { mediaType: mediaTypes.ociManifest, artifactType, digest, size: manifest.length };
  const blobs = [digest, config.digest, ...layers.map((layer) => layer.digest)];
  addEntries(engine, record, [{ descriptor, origin: undefined, blobs }], options.change);
  return record;
}

function storeConfig({ blobs }: ArtifactEngine, { configFile, configType }: ArtifactOptions): Descriptor {
  const content = configFile === undefined ? emptyConfig.content : readFileOf(configFile);
  const given = configFile === undefined ? emptyConfig.mediaType : mediaTypes.ociConfig;
  return { mediaType: configType ?? given, digest: blobs.put(content), size: content.length };
}

function readFileOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function storeLayer(engine: ArtifactEngine, path: string, options: ArtifactOptions): Promise<Descriptor> {
  const { digest, size } = await storeFile(engine, path);
  const mediaType = options.layerType ?? fileTypes[extname(path).toLowerCase()] ?? anyFileType;
  return {
    mediaType,
    digest,
    size,
    ...(options.excludeTitles ? {} : { annotations: { [titleAnnotation]: basename(path) } }),
  };
}
