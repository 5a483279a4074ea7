import type { ImageLayer } from "../../image/record-image.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ContainerDefaults, HistoryEntry, Platform } from "../../oci/image.ts";

/** An image on its way: what the steps so far have made. */
export interface ImageState {
  readonly platform: Platform;
  /** Base first. */
  readonly layers: readonly ImageLayer[];
  /** Chain id of the top layer; undefined without layers. It stands for all files. */
  readonly chainId: Digest | undefined;
  /** How many of the layers are the base image's. */
  readonly baseLayers: number;
  readonly baseHistory: number;
  readonly defaults: ContainerDefaults;
  readonly author: string | undefined;
  readonly history: readonly HistoryEntry[];
  readonly annotations: Readonly<Record<string, string>>;
  /** Stands for everything so far: base, files, config, history. */
  readonly key: string;
  readonly createdAt: Date;
  /** The name in FROM of the stage's base, for the history's first entry. */
  readonly from: string;
}
