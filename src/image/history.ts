import type { Engine } from "../engine.ts";
import type { ImageRecord } from "../storage/images.ts";

/** One step of how an image was made, newest first. */
export interface HistoryRow {
  /** The image's id for its newest step; other steps have none of their own. */
  readonly id: string | undefined;
  readonly createdAt: Date | undefined;
  readonly createdBy: string;
  readonly comment: string;
  /** Bytes of the step's layer; 0 if it made none. */
  readonly sizeBytes: number;
  /** Names of the image, for its newest step. */
  readonly tags: readonly string[];
}

/** The history that an image's config tells, with the sizes of the stored layers. */
export function historyOf({ images, layers }: Pick<Engine, "images" | "layers">, image: ImageRecord): HistoryRow[] {
  const { history = [], rootfs } = images.config(image);
  const chain = image.topLayer === undefined ? [] : layers.chain(image.topLayer).reverse();
  const steps = history.length > 0 ? history : rootfs.diff_ids.map(() => ({}) as (typeof history)[number]);
  let next = 0;
  const rows = steps.map((step) => ({
    id: undefined,
    createdAt: step.created === undefined ? undefined : new Date(step.created),
    createdBy: step.created_by ?? "",
    comment: step.comment ?? "",
    sizeBytes: step.empty_layer ? 0 : (chain[next++]?.sizeBytes ?? 0),
    tags: [],
  }));
  return rows.reverse().map((row, index) => (index === 0 ? { ...row, id: image.id, tags: image.names } : row));
}
