import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { DeviceValue, Resources } from "../model/resources.ts";
import { chooseCgroupManager, sliceAt } from "../rootless/cgroup.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { tryRun } from "../system/process.ts";

/**
 * Makes sure that limits of a pod can be kept here.
 * @throws {DhowError} `unsupported`: only systemd keeps limits of several containers together.
 */
export function checkPodLimits({ globals }: Pick<Engine, "globals">, resources: Resources): void {
  if (Object.keys(resources).length === 0 || chooseCgroupManager(globals.cgroupManager).manager === "systemd") return;
  throw new DhowError("resource limits of a pod cannot be kept: they need the cgroup manager systemd", {
    kind: "unsupported",
    hint: "give the limits to the pod's containers, one by one",
  });
}

/**
 * Sets the limits of a container's pod on the cgroup that the pod's containers have in common. They last until the next boot.
 * @throws {DhowError} `unavailable` if systemd refuses.
 */
export function limitPod({ pods }: Pick<Engine, "pods">, { config }: Pick<ContainerRecord, "config">): void {
  if (!config.pod?.sharesCgroup) return;
  const { resources } = pods.get(config.pod.id).config;
  if (!resources) return;
  const slice = sliceAt({ wanted: config.cgroupParent, podId: config.pod.id });
  const command = ["systemctl", "--user", "set-property", "--runtime", slice] as const;
  const { exitCode, stderr } = tryRun([...command, ...sliceProperties(resources)]);
  if (exitCode === 0) return;
  throw new DhowError(`cannot limit pod ${config.pod.id}: ${stderr.trim() || `exit status ${exitCode}`}`, {
    kind: "unavailable",
  });
}

/** Limits as systemd calls them. */
export function sliceProperties(resources: Resources): string[] {
  const { memoryBytes, memorySwapBytes, cpuQuota, cpuPeriod = 100_000, cpuShares, blkioWeight } = resources;
  const devices = (name: string, values: readonly DeviceValue[] = []) =>
    values.map(({ path, value }) => `${name}=${path} ${value}`);
  const property = (name: string, value: string | number | undefined) =>
    value === undefined ? [] : [`${name}=${value}`];
  return [
    ...property("MemoryMax", memoryBytes),
    ...property("MemorySwapMax", swapBeyond(memoryBytes, memorySwapBytes)),
    ...property(
      "CPUQuota",
      cpuQuota === undefined ? undefined : `${Math.round((cpuQuota / cpuPeriod) * 10_000) / 100}%`,
    ),
    ...property("CPUWeight", cpuShares === undefined ? undefined : weightOf(cpuShares)),
    ...property("AllowedCPUs", resources.cpusetCpus),
    ...property("AllowedMemoryNodes", resources.cpusetMems),
    ...property("IOWeight", blkioWeight),
    ...devices("IODeviceWeight", resources.blkioWeightDevices),
    ...devices("IOReadBandwidthMax", resources.readBps),
    ...devices("IOWriteBandwidthMax", resources.writeBps),
  ];
}

/** Podman's limit is of memory and swap together. */
function swapBeyond(memory: number | undefined, together: number | undefined): number | "infinity" | undefined {
  if (together === undefined) return undefined;
  return together === -1 ? "infinity" : together - (memory ?? 0);
}

/** Shares go from 2 to 262144, weights from 1 to 10000: as the runtimes convert them. */
function weightOf(shares: number): number {
  return 1 + Math.floor(((Math.max(shares, 2) - 2) * 9999) / 262_142);
}
