import type { CopyEvent } from "../copy-event.ts";
import type { SourceImage } from "../source-image.ts";

/** A file or a folder that images are written into. Disposed of before `finish`, an archive is not there. */
export interface ImageSink extends Disposable {
  /**
   * Adds an image under these names, of which there may be none.
   * @throws {DhowError} `not-found` for a missing blob, `unavailable` if the disk is full.
   */
  add(image: SourceImage, names: readonly string[], onEvent?: (event: CopyEvent) => void): Promise<void>;
  /** Says that all images are there. */
  finish(): Promise<void>;
}
