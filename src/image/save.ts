import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { formatReference, parseWrittenReference, qualify, withDefaultTag } from "../oci/reference.ts";
import type { ImageRecord } from "../storage/images.ts";
import type { CopyEvent } from "./copy-event.ts";
import { findImage } from "./find.ts";
import { recordImageEvent } from "./record-event.ts";
import { type Conversion, convertImage } from "./transport/convert-image.ts";
import { type FileTarget, openFileSink } from "./transport/file-sink.ts";
import { storedImage } from "./transport/stored-image.ts";

export const saveFormats = ["docker-archive", "oci-archive", "oci-dir", "docker-dir"] as const;
export type SaveFormat = (typeof saveFormats)[number];

export interface SaveOptions {
  readonly format: SaveFormat;
  /** A file, or a folder for the formats that are one; undefined: stdout. */
  readonly output: string | undefined;
  /** Further names of the image in the archive. */
  readonly tags: readonly string[];
  /** For docker-dir: compresses layers that are not. */
  readonly compress: boolean;
  /** For OCI formats: leaves layers without compression as they are. */
  readonly uncompressed: boolean;
  readonly onEvent?: ((event: CopyEvent) => void) | undefined;
}

const transports: Readonly<Record<SaveFormat, FileTarget["transport"]>> = {
  "docker-archive": "docker-archive",
  "oci-archive": "oci-archive",
  "oci-dir": "oci",
  "docker-dir": "dir",
};

/**
 * Saves stored images to an archive or a folder, each with the name that it was asked for by. Success means that the file is
 * complete; a file that was there before is replaced at once, or stays when anything fails.
 * @throws {DhowError} `not-found`; `invalid-argument` for several images in a format for one; `conflict` for a place in use.
 */
export async function saveImages(engine: Engine, names: readonly string[], options: SaveOptions): Promise<void> {
  const { format, output, tags, onEvent } = options;
  if (names.length > 1 && format !== "docker-archive") {
    throw new DhowError(`"${format}" does not support saving multiple images ([${names.join(" ")}])`, {
      kind: "invalid-argument",
    });
  }
  const chosen = await chooseImages(engine, names, tags.map(qualifyTag));
  using sink = await openFileSink(engine, { transport: transports[format], path: output });
  for (const { image, names: ownNames } of chosen) {
    using converted = await convertImage(engine, storedImage(engine, image), conversionFor(options));
    await sink.add(converted, ownNames, onEvent);
  }
  await sink.finish();
  for (const { image } of chosen) recordImageEvent(engine, image, "save", output ?? "stdout");
}

interface ChosenImage {
  readonly image: ImageRecord;
  readonly names: readonly string[];
}

/** The images, each one once, under the names that they were asked for by; ids are no names. */
async function chooseImages(engine: Engine, names: readonly string[], tags: readonly string[]): Promise<ChosenImage[]> {
  const chosen = new Map<string, { image: ImageRecord; names: Set<string> }>();
  for (const name of names) {
    const image = await findImage(engine, name);
    const entry = chosen.get(image.id) ?? { image, names: new Set() };
    const stored = engine.images.findName(name);
    if (stored !== undefined) entry.names.add(stored);
    for (const tag of tags) entry.names.add(tag);
    chosen.set(image.id, entry);
  }
  return [...chosen.values()].map(({ image, names: own }) => ({ image, names: [...own] }));
}

function qualifyTag(text: string): string {
  const written = parseWrittenReference(text);
  if (written.digest !== undefined) {
    throw new DhowError(`invalid additional tag ${JSON.stringify(text)}: it has a digest`, {
      kind: "invalid-argument",
    });
  }
  return formatReference(withDefaultTag(qualify(written, written.registry ?? "localhost")));
}

function conversionFor({ format, compress, uncompressed }: SaveOptions): Conversion {
  const gzip = { compression: "gzip" } as const;
  switch (format) {
    case "docker-archive":
      // Its layers have no compression, whatever they are stored with.
      return {};
    case "oci-archive":
    case "oci-dir":
      return { format: "oci", ...(uncompressed ? { compressAll: { compression: "none" } } : { compressPlain: gzip }) };
    case "docker-dir":
      return { format: "docker", compressPlain: compress ? gzip : undefined };
  }
}
