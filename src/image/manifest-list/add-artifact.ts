import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, readFileSync, rmSync } from "node:fs";
import { basename, extname } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Engine } from "../../engine.ts";
import { DhowError, errnoOf } from "../../errors.ts";
import { type Digest, parseDigest } from "../../oci/digest.ts";
import { type Descriptor, mediaTypes } from "../../oci/image.ts";
import type { ManifestListRecord } from "../../storage/manifest-lists.ts";
import { newTemporaryPath } from "../../storage/temporary.ts";
import { addEntries, subjectOf } from "./change.ts";
import type { EntryChange } from "./content.ts";
import type { FindOptions } from "./find-instances.ts";

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

const emptyConfig = Buffer.from("{}");
const emptyConfigType = "application/vnd.oci.empty.v1+json";
const titleAnnotation = "org.opencontainers.image.title";
const unknownArtifactType = "application/vnd.unknown.artifact.v1";

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
  for (const file of files) layers.push(await storeFile(engine, file, options));
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
  const content = configFile === undefined ? emptyConfig : readFileOf(configFile);
  const given = configFile === undefined ? emptyConfigType : mediaTypes.ociConfig;
  return { mediaType: configType ?? given, digest: blobs.put(content), size: content.length };
}

function readFileOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function storeFile(engine: ArtifactEngine, path: string, options: ArtifactOptions): Promise<Descriptor> {
  const { digest, size } = await copyIntoBlobs(engine, path);
  const mediaType = options.layerType ?? fileTypes[extname(path).toLowerCase()] ?? anyFileType;
  return {
    mediaType,
    digest,
    size,
    ...(options.excludeTitles ? {} : { annotations: { [titleAnnotation]: basename(path) } }),
  };
}

async function copyIntoBlobs(
  { blobs, paths }: ArtifactEngine,
  path: string,
): Promise<{ digest: Digest; size: number }> {
  const temporary = newTemporaryPath(paths.data);
  const hash = createHash("sha256");
  let size = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  try {
    await pipeline(createReadStream(path), measure, createWriteStream(temporary, { mode: 0o600 }));
    const digest = parseDigest(`sha256:${hash.digest("hex")}`);
    blobs.adopt(temporary, digest);
    return { digest, size };
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function unreadable(path: string, cause: unknown): unknown {
  if (cause instanceof DhowError || errnoOf(cause) === undefined) return cause;
  return new DhowError(`cannot read ${path}`, { kind: "not-found", cause });
}
