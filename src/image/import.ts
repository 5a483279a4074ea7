import { statSync } from "node:fs";
import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { digestHex } from "../oci/digest.ts";
import type { ContainerDefaults, HistoryEntry } from "../oci/image.ts";
import { hostPlatform } from "../oci/platform.ts";
import type { ImageRecord } from "../storage/images.ts";
import { type TakenArchive, takeArchive } from "../storage/pack/take-archive.ts";
import { newTemporaryPath, removeTree } from "../storage/temporary.ts";
import { openArchive } from "./archive/open-files.ts";
import { applyChanges } from "./config-changes.ts";
import { recordImageEvent } from "./record-event.ts";
import { recordImage } from "./record-image.ts";
import { localName } from "./tag.ts";

export interface ImportOptions {
  /** What the image is called; undefined for no name. Short names go below localhost/. */
  readonly name: string | undefined;
  /** Instructions as for `applyChanges`. */
  readonly changes: readonly string[];
  readonly message: string | undefined;
  /** The parts of a platform that are not given are this machine's. */
  readonly os: string | undefined;
  readonly architecture: string | undefined;
  readonly variant: string | undefined;
}

/**
 * Makes an image of one layer out of a tar archive, compressed by whatever. The same file makes the same image.
 * @param source A path, a web address, or the archive as it comes.
 * @throws {DhowError} `not-found`; `invalid-argument` for a bad name or change; `corrupt` for what is no archive.
 */
export async function importImage(
  engine: Engine,
  source: string | AsyncIterable<Buffer>,
  options: ImportOptions,
): Promise<ImageRecord> {
  const names = options.name === undefined ? [] : [localName(options.name)];
  const config = applyChanges({}, options.changes);
  const file = newTemporaryPath(engine.paths.data);
  try {
    const { archive, modified } = await take(source, file);
    engine.blobs.adopt(file, archive.blobDigest);
    const image = await record(engine, { archive, created: modified.toISOString(), config, names }, options);
    recordImageEvent(engine, image, "import", names[0] ?? image.id);
    return image;
  } finally {
    removeTree(file);
  }
}

interface Taken {
  readonly archive: TakenArchive;
  /** When the archive was made, as far as that can be known. */
  readonly modified: Date;
}

async function take(source: string | AsyncIterable<Buffer>, file: string): Promise<Taken> {
  if (typeof source !== "string") return { archive: await takeArchive(source, file), modified: new Date() };
  if (/^https?:/i.test(source)) {
    const { openWebFile } = await import("../registry/open-url.ts");
    await using found = await openWebFile(source, { retries: 3, delayMs: 1000 });
    return { archive: await takeArchive(found.chunks, file), modified: new Date() };
  }
  const stream = openArchive(source);
  const stats = statSync(source);
  if (stats.isDirectory())
    throw new DhowError(`${source} is a directory, not an archive`, { kind: "invalid-argument" });
  return { archive: await takeArchive(stream, file), modified: stats.isFile() ? stats.mtime : new Date() };
}

interface Parts {
  readonly archive: TakenArchive;
  readonly created: string;
  readonly config: ContainerDefaults;
  readonly names: readonly string[];
}

function record(
  engine: Engine,
  { archive, created, config, names }: Parts,
  { message, os, architecture, variant }: ImportOptions,
): Promise<ImageRecord> {
  const { diffId, blobDigest, blobSize, compression } = archive;
  const host = hostPlatform();
  const step: HistoryEntry = {
    created,
    created_by: `/bin/sh -c #(nop) ADD file:${digestHex(diffId)} in / `,
    comment: message ?? "imported from tarball",
  };
  return recordImage(engine, {
    format: "oci",
    config: {
      created,
      architecture: architecture ?? host.architecture,
      ...(variant === undefined ? {} : { variant }),
      os: os ?? host.os,
      config,
      history: [step],
    },
    layers: [{ diffId, digest: blobDigest, size: blobSize, compression }],
    names,
  });
}
