import type { Digest } from "../oci/digest.ts";
import { sha256 } from "./hash.ts";
import type { ChainIdOf } from "./layers.ts";

export const chainIdOf: ChainIdOf = (parent, diffId) => (parent === undefined ? diffId : sha256(`${parent} ${diffId}`));

/** The chain ids of an image's layers, base first. */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  let parent: Digest | undefined;
  return diffIds.map((diffId) => {
    parent = chainIdOf(parent, diffId);
    return parent;
  });
}
