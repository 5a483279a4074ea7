import type { ContainerConfig } from "../../model/container-config.ts";
import type { CapabilitiesSpec } from "../../oci/runtime-spec.ts";
import { addedCapabilities, kernelCapabilities, mergeCapabilities } from "../capabilities.ts";

/**
 * The capability sets of a container's process. Root has the whole bounding set. Another user has what --cap-add names,
 * as ambient capabilities, so that it survives the start of the program.
 */
export function containerCapabilities(
  config: Pick<ContainerConfig, "capAdd" | "capDrop" | "privileged">,
  { uid, lastCapability }: { uid: number; lastCapability: number },
): CapabilitiesSpec {
  const bounding = config.privileged
    ? kernelCapabilities(lastCapability)
    : mergeCapabilities(config.capAdd, config.capDrop, lastCapability);
  if (uid === 0) return { bounding, effective: bounding, permitted: bounding, inheritable: [], ambient: [] };
  const added = addedCapabilities(config.capAdd, lastCapability).filter((name) => bounding.includes(name));
  return { bounding, effective: added, permitted: added, inheritable: added, ambient: added };
}
