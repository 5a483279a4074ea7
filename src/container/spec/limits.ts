import type { Ulimit } from "../../model/container-config.ts";
import type { RlimitSpec } from "../../oci/runtime-spec.ts";
import type { HostFacts } from "./host-facts.ts";

/** Podman's defaults, as far as this process may give them. */
const defaults: readonly Ulimit[] = [
  { name: "nofile", soft: 1048576, hard: 1048576 },
  { name: "nproc", soft: 1048576, hard: 1048576 },
];

/**
 * The resource limits of a container: defaults and --ulimit, lowered to what this process may set, which cannot raise a
 * hard limit without a privilege that no user namespace gives.
 */
export function containerLimits(ulimits: readonly Ulimit[], limits: HostFacts["limits"]): RlimitSpec[] {
  if (ulimits.some(({ name }) => name === "host")) return [];
  const wanted = new Map([...defaults, ...ulimits].map((limit) => [limit.name, limit]));
  return Array.from(wanted.values(), ({ name, soft, hard }) => {
    const most = limits[name]?.hard ?? -1;
    const allowedHard = smaller(hard, most);
    return { type: `RLIMIT_${name.toUpperCase()}`, soft: smaller(soft, allowedHard), hard: allowedHard };
  });
}

/** The smaller of two limits, -1 being unlimited. */
function smaller(a: number, b: number): number {
  if (a === -1) return b;
  return b === -1 ? a : Math.min(a, b);
}
