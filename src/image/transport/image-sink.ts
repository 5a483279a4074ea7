import type { CopyEvent } from "../copy-event.ts";
import type { SourceImage } from "../source-image.ts";

/** A file or a folder that images are written into. Disposed of before `finish`, an archive is not there. */
export interface ImageSink extends Disposable {
  /**
   * Adds an image under these names, of which there may be none.
   * @throws {DhowError} `not-found` for a missing blob, `unavailable` if the disk is full.
   */
  add(image: SourceImage, names: readonly string[], onEvent?: (event: CopyEvent) => void): Promise<void>;
  /**
   * For an index: its images come first, one by one. Undefined where indexes have no place.
   * @throws {DhowError} As `add`.
   */
  readonly index: IndexSink | undefined;
  /** Says that all images are there. */
  finish(): Promise<void>;
}

export interface IndexSink {
  /** Adds an image that the index names. */
  addInstance(image: SourceImage, onEvent?: (event: CopyEvent) => void): Promise<void>;
  /** Adds the index itself, under these names. */
  addIndex(index: { readonly bytes: Uint8Array; readonly mediaType: string }, names: readonly string[]): Promise<void>;
}
