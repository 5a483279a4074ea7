import type { Digest } from "../oci/digest.ts";

/** An unpacked layer: `layers/ID/diff`, complete and never changed again. */
export interface LayerRecord {
  /** OCI chain id: names the layer together with everything below it. */
  readonly chainId: Digest;
  readonly parent: Digest | undefined;
  readonly diffId: Digest;
  /** Short unique folder name under `layers/` (16 hex digits), so that 120 of them fit in one page of mount options. */
  readonly id: string;
  /** Bytes of the unpacked regular files. */
  readonly sizeBytes: number;
  readonly createdAt: Date;
}

export interface LayerStore {
  find(chainId: Digest): LayerRecord | undefined;
  /** The layers from `chainId` down to the base; top first. @throws {DhowError} `not-found`. */
  chain(chainId: Digest): LayerRecord[];
  /** Absolute path of the unpacked tree. */
  diffPath(layer: LayerRecord): string;
  /**
   * Adds a layer unless it is there: makes a temporary folder, lets `unpack` fill `folder/diff`, then publishes it atomically.
   * Parallel adders of one layer: one unpacks, the others wait for it or find it done.
   */
  add(
    layer: { chainId: Digest; parent: Digest | undefined; diffId: Digest },
    unpack: (diffDirectory: string) => Promise<{ sizeBytes: number }>,
  ): Promise<LayerRecord>;
  /** Removes layers that no image and no container needs. @returns Bytes freed. */
  collectGarbage(): number;
}

/** @see https://github.com/opencontainers/image-spec/blob/v1.1.0/config.md#layer-chainid */
export type ChainIdOf = (parent: Digest | undefined, diffId: Digest) => Digest;
