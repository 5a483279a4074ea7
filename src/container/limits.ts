import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { ContainerConfig } from "../model/container-config.ts";
import type { Resources } from "../model/resources.ts";
import { cgroupsPathOf, chooseCgroupManager } from "../rootless/cgroup.ts";

/** The controller of cgroup v2 that each limit needs. */
const controllers: Readonly<Record<keyof Resources, string>> = {
  memoryBytes: "memory",
  memoryReservationBytes: "memory",
  memorySwapBytes: "memory",
  cpuShares: "cpu",
  cpuQuota: "cpu",
  cpuPeriod: "cpu",
  cpusetCpus: "cpuset",
  cpusetMems: "cpuset",
  pidsLimit: "pids",
  blkioWeight: "io",
  blkioWeightDevices: "io",
  readBps: "io",
  writeBps: "io",
  readIops: "io",
  writeIops: "io",
  unified: "cgroup",
};

/**
 * Makes sure that a container's limits can be kept here: a limit that nobody enforces is worse than none.
 * @throws {DhowError} `unsupported`, with the reason.
 */
export function checkLimits(
  { globals }: Pick<Engine, "globals">,
  { resources = {}, cgroups, cgroupParent }: Pick<ContainerConfig, "resources" | "cgroups" | "cgroupParent">,
): void {
  if (cgroupParent !== undefined) checkParent(globals, cgroups, cgroupParent);
  const wanted = new Set(Object.keys(resources).map((name) => controllers[name as keyof Resources]));
  if (wanted.size === 0) return;
  if (cgroups === "disabled") throw refused("the container is to have no cgroup (--cgroups=disabled)");
  const support = chooseCgroupManager(globals.cgroupManager);
  if (support.manager === "disabled") throw refused(support.reason);
  const missing = [...wanted].filter(
    (controller) => controller !== "cgroup" && !support.controllers.includes(controller),
  );
  if (missing.length === 0) return;
  throw refused(
    `the cgroup controller ${missing.join(", ")} is not available to this user`,
    "as root, delegate it: systemctl edit user@.service, with [Service] and Delegate=cpu cpuset io memory pids",
  );
}

/** @throws {DhowError} `unsupported` where nobody makes cgroups; `invalid-argument` for a parent that cannot be one here. */
function checkParent(globals: Engine["globals"], cgroups: ContainerConfig["cgroups"], parent: string): void {
  const support = chooseCgroupManager(cgroups === "disabled" ? "disabled" : globals.cgroupManager);
  cgroupsPathOf(support, "", { wanted: parent });
  if (support.manager !== "disabled") return;
  throw new DhowError(`--cgroup-parent ${parent} is not possible: the container gets no cgroup`, {
    kind: "unsupported",
    hint: cgroups === "disabled" ? "leave out --cgroups=disabled" : `${support.reason}; see 'dhow doctor'`,
  });
}

function refused(reason: string, hint?: string): DhowError {
  return new DhowError(`resource limits cannot be kept: ${reason}`, {
    kind: "unsupported",
    hint: hint ?? "'dhow doctor' tells what can be done about it; without the limits the container can be made",
  });
}
