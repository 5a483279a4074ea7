import type { Engine } from "../engine.ts";
import type { ContainerRecord } from "../storage/containers.ts";

export interface CgroupChoice {
  readonly manager: "systemd" | "cgroupfs" | "disabled";
  /** For the runtime spec; undefined when no cgroup is made. */
  readonly path: string | undefined;
}

/** Who makes the container's cgroup, and where. */
export function chooseCgroups(_engine: Pick<Engine, "globals">, _record: ContainerRecord): CgroupChoice {
  return { manager: "disabled", path: undefined };
}
