import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { doSilently, type ShowLongStep } from "../model/long-step.ts";
import type { ImageRecord } from "../storage/images.ts";
import { requireAcceptedFile } from "./accept-file.ts";
import { findImages } from "./archive/find-images.ts";
import { type OpenFiles, openArchiveStream, openFiles } from "./archive/open-files.ts";
import type { CopyEvent } from "./copy-event.ts";
import { recordImageEvent } from "./record-event.ts";
import { storeImage } from "./store-image.ts";

export interface LoadedImage {
  readonly image: ImageRecord;
  /** The names that it got from the archive. */
  readonly names: readonly string[];
}

export interface LoadOptions {
  readonly onEvent?: ((event: CopyEvent) => void) | undefined;
  /** For the time in which the archive is read. */
  readonly showLongStep?: ShowLongStep;
}

/**
 * Stores the images of an archive or folder that `save` wrote, in any of its formats and compressed by whatever.
 * Success means that all of them are stored with their names; after a failure, those in front of the broken one are.
 * @param source A path, a web address, or the archive as it comes.
 * @throws {DhowError} `invalid-argument` or `corrupt` for what holds no image.
 */
export async function loadImages(
  engine: Engine,
  source: string | AsyncIterable<Buffer>,
  { onEvent, showLongStep = doSilently }: LoadOptions = {},
): Promise<LoadedImage[]> {
  using files = await showLongStep("Loading images", () => open(engine, source));
  const loaded: LoadedImage[] = [];
  const { form, images } = await findImages(files);
  const path = typeof source === "string" ? source : undefined;
  const transport = form === "oci" && !files.isFolder ? "oci-archive" : form;
  if (images.length === 0) throw new DhowError("the archive holds no image", { kind: "invalid-argument" });
  for (const image of images) {
    const { names } = image;
    await requireAcceptedFile(image, { transport, path });
    const record = await storeImage(engine, image, { names, onEvent });
    recordImageEvent(engine, record, "loadfromarchive", path ?? "stdin");
    loaded.push({ image: record, names });
  }
  return loaded;
}

async function open(engine: Engine, source: string | AsyncIterable<Buffer>): Promise<OpenFiles> {
  try {
    if (typeof source !== "string") return await openArchiveStream(engine, source);
    if (!/^https?:/i.test(source)) return await openFiles(engine, source);
    const { openWebFile } = await import("../registry/open-url.ts");
    await using file = await openWebFile(source, { retries: 3, delayMs: 1000 });
    return await openArchiveStream(engine, file.chunks);
  } catch (cause) {
    if (!(cause instanceof DhowError) || cause.kind !== "corrupt") throw cause;
    throw new DhowError("payload does not match any of the supported image formats", { kind: "corrupt", cause });
  }
}
