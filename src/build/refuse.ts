import { DhowError } from "../errors.ts";
import type { BuildRequest } from "./request.ts";

/**
 * Refuses what no build does yet, rather than doing something else.
 * @throws {DhowError} `unsupported`; `invalid-argument` for what cannot be together.
 */
export function refuseUnsupported({ caching, result, steps, metadata }: BuildRequest): void {
  const refused: readonly (readonly [boolean, string, string])[] = [
    [caching.from.length > 0, "--cache-from", "results are found in the cache of this store alone"],
    [caching.to.length > 0, "--cache-to", "results are kept in the cache of this store alone"],
    [steps.isolation === "chroot", "--isolation chroot", "steps run in containers alone"],
    [Object.keys(metadata.layerLabels).length > 0, "--layer-label", "steps leave no images of their own"],
    [result.sbom, "--sbom", "dhow makes no attestations yet"],
    [result.provenance !== undefined, "--provenance", "dhow makes no attestations yet"],
    [result.savesStages, "--save-stages", "stages are kept in the cache, without images of their own"],
    [steps.compatVolumes, "--compat-volumes", "changes behind VOLUME are always kept"],
    [
      metadata.os.version !== undefined || metadata.os.features.length > 0,
      "--os-version and --os-feature",
      "they are of Windows images",
    ],
  ];
  for (const [isGiven, flag, reason] of refused) {
    if (isGiven) throw new DhowError(`${flag} is not supported: ${reason}`, { kind: "unsupported" });
  }
}
