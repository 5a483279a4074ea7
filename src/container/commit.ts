import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { applyChanges } from "../image/config-changes.ts";
import { ensureLayers } from "../image/ensure-layers.ts";
import { layerPaths } from "../image/layer-paths.ts";
import { type ImageDraft, type ImageFormat, type ImageLayer, layersOf, recordImage } from "../image/record-image.ts";
import { localName } from "../image/tag.ts";
import type { ContainerDefaults, HistoryEntry } from "../oci/image.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import type { ImageRecord } from "../storage/images.ts";
import { openLowerTree } from "../storage/pack/lower-tree.ts";
import { type PackSource, packTree } from "../storage/pack/pack-tree.ts";
import type { TreeItem } from "../storage/pack/tree-items.ts";
import { newTemporaryPath } from "../storage/temporary.ts";
import { committedConfig, mergeDefaults } from "./committed-config.ts";
import { imageOf } from "./image-of.ts";
import { pauseContainer, unpauseContainer } from "./pause.ts";
import { placeholdersAbove } from "./placeholders.ts";
import { recordEvent } from "./record-event.ts";
import { getSettled } from "./start.ts";
import { canPause } from "./state.ts";
import { containerChanges, withContainerTree } from "./view-tree.ts";

export interface CommitOptions {
  /** What the image is called; undefined for no name. Short names go below localhost/. */
  readonly name?: string | undefined;
  readonly format: ImageFormat;
  readonly author?: string | undefined;
  readonly message?: string | undefined;
  /** Instructions as for `applyChanges`. */
  readonly changes: readonly string[];
  /** Laid over the container's own config, before the changes. */
  readonly overrides?: ContainerDefaults | undefined;
  /** Makes image volumes of what the user has mounted. */
  readonly includesVolumes: boolean;
  /** Pauses a running container while its files are read. */
  readonly pauses: boolean;
  /** Makes one layer of the image and the changes. */
  readonly squashes: boolean;
}

/**
 * Makes an image of a container: its own image, and a layer with what the container has changed. The container stays as it is.
 * @throws {DhowError} `not-found`; `invalid-argument` for a bad name, change or message; `unsupported` if it cannot be paused.
 */
export async function commitContainer(engine: Engine, nameOrId: string, options: CommitOptions): Promise<ImageRecord> {
  const names = checkOptions(options);
  const { id } = engine.containers.get(nameOrId);
  return engine.containers.withLock(id, async () => {
    const record = await getSettled(engine, id);
    const base = imageOf(engine, record.config);
    const config = applyChanges(
      mergeDefaults(committedConfig(record.config, options), options.overrides),
      options.changes,
    );
    const pack = () => packContainer(engine, { record, base }, options);
    const layer = options.pauses ? await whilePaused(engine, record, pack) : await pack();
    const draft = draftImage(engine, { record, base, layer, config }, options);
    const image = await recordImage(engine, { ...draft, names });
    recordEvent(engine, record, "commit");
    return image;
  });
}

/** @returns The names that the image gets. */
function checkOptions({ name, format, message }: CommitOptions): string[] {
  if (message !== undefined && format === "oci") {
    throw new DhowError("messages are only compatible with the docker image format (-f docker)", {
      kind: "invalid-argument",
    });
  }
  return name === undefined ? [] : [localName(name)];
}

async function whilePaused<T>(engine: Engine, record: ContainerRecord, work: () => Promise<T>): Promise<T> {
  if (!canPause(record.state)) return work();
  try {
    await pauseContainer(engine, record.id);
  } catch (cause) {
    if (!(cause instanceof DhowError)) throw cause;
    throw new DhowError(`pausing container ${JSON.stringify(record.id)} to commit`, { kind: cause.kind, cause });
  }
  try {
    return await work();
  } finally {
    await unpauseContainer(engine, record.id);
  }
}

/** Writes the layer's blob. */
async function packContainer(
  engine: Engine,
  { record, base }: { readonly record: ContainerRecord; readonly base: ImageRecord },
  { squashes }: CommitOptions,
): Promise<ImageLayer> {
  await ensureLayers(engine, base);
  const isPlaceholder = placeholdersAbove(openLowerTree(layerPaths(engine, base)));
  if (!squashes) return packLayer(engine, containerChanges(engine, record), isPlaceholder);
  return withContainerTree(engine, record, (directory) =>
    packLayer(engine, { kind: "tree", directory }, isPlaceholder),
  );
}

async function packLayer(
  engine: Engine,
  source: PackSource,
  leavesOut: (item: TreeItem) => boolean,
): Promise<ImageLayer> {
  const file = newTemporaryPath(engine.paths.data);
  const packed = await packTree({ source, compression: "gzip", leavesOut }, file);
  for (const warning of packed.warnings) engine.warn(warning);
  engine.blobs.adopt(file, packed.blobDigest);
  const { diffId, blobDigest, blobSize } = packed;
  return { diffId, digest: blobDigest, size: blobSize, compression: "gzip" };
}

interface CommitParts {
  readonly record: ContainerRecord;
  readonly base: ImageRecord;
  readonly layer: ImageLayer;
  readonly config: ContainerDefaults;
}

function draftImage(
  engine: Engine,
  { record, base, layer, config }: CommitParts,
  { format, author, message, squashes }: CommitOptions,
): Omit<ImageDraft, "names"> {
  const { architecture, os, variant, history = [], author: firstAuthor } = engine.images.config(base);
  const created = new Date().toISOString();
  const by = author ?? firstAuthor;
  const comment = message === undefined ? {} : { comment: message };
  const step: HistoryEntry = {
    created,
    created_by: record.config.argv.join(" "),
    ...(author === undefined ? {} : { author }),
    ...comment,
  };
  return {
    format,
    config: {
      ...{ created, architecture, os, config, ...comment },
      ...(variant === undefined ? {} : { variant }),
      ...(by ? { author: by } : {}),
      history: squashes ? [step] : [...history, step],
    },
    layers: squashes ? [layer] : [...layersOf(engine, base), layer],
  };
}
