import type { DeviceValue, Resources } from "../../model/resources.ts";
import type { ResourceFlags } from "./flags.ts";
import { cut, invalid, parseBytes, splitList } from "./values.ts";

const usualPeriod = 100_000;

export interface ResourceRequest {
  readonly flags: ResourceFlags;
  /** Whether the user gave the flag. */
  changed(name: string): boolean;
}

/**
 * Limits after a change by flags; those that were not given change nothing.
 * @throws {DhowError} `invalid-argument`.
 */
export function changeResources(request: ResourceRequest, before: Resources = {}): Resources {
  const change = { ...cpuPart(request), ...memoryPart(request), ...ioPart(request), ...unifiedPart(request) };
  const resources = { ...before, ...withoutLimits(change, before) };
  const { memoryBytes, memorySwapBytes, memoryReservationBytes } = resources;
  if (memorySwapBytes !== undefined && memorySwapBytes !== -1) {
    if (memoryBytes === undefined) throw invalid("you should always set a memory limit when using a memory swap limit");
    if (memorySwapBytes < memoryBytes) throw invalid("minimum memoryswap limit should be larger than memory limit");
  }
  if (
    memoryBytes !== undefined &&
    memoryBytes > 0 &&
    memoryReservationBytes !== undefined &&
    memoryBytes < memoryReservationBytes
  ) {
    throw invalid("minimum memory limit cannot be less than memory reservation limit, see usage");
  }
  return resources;
}

/** 0 stands for no limit: it takes away one that there was, and is nothing where there was none. */
function withoutLimits(change: Resources, before: Resources): Resources {
  const wanted = Object.entries(change).filter(([key, value]) => value !== 0 || key in before);
  const lifted: readonly string[] = ["memoryBytes", "memorySwapBytes", "memoryReservationBytes", "cpuQuota"];
  return Object.fromEntries(wanted.map(([key, value]) => [key, value === 0 && lifted.includes(key) ? -1 : value]));
}

function cpuPart({ flags, changed }: ResourceRequest): Resources {
  const byQuota = changed("cpu-period") || changed("cpu-quota");
  if (changed("cpus") && byQuota) throw invalid("--cpus cannot be used together with --cpu-period or --cpu-quota");
  const { cpus } = flags;
  if (cpus !== undefined && cpus < 0) throw invalid("--cpus must not be negative");
  return {
    ...(cpus ? { cpuPeriod: usualPeriod, cpuQuota: Math.round(cpus * usualPeriod) } : {}),
    ...given("cpuPeriod", flags["cpu-period"]),
    ...given("cpuQuota", flags["cpu-quota"]),
    ...given("cpuShares", flags["cpu-shares"]),
    ...given("cpusetCpus", checkSet("cpuset-cpus", flags["cpuset-cpus"])),
    ...given("cpusetMems", checkSet("cpuset-mems", flags["cpuset-mems"])),
    ...given("pidsLimit", flags["pids-limit"] === 0 ? -1 : flags["pids-limit"]),
  };
}

function memoryPart({ flags }: ResourceRequest): Resources {
  const { memory, "memory-swap": swap, "memory-reservation": reservation } = flags;
  const memoryBytes = memory === undefined ? undefined : parseBytes(memory);
  const swapBytes = swap === undefined ? undefined : swap === "-1" ? -1 : parseBytes(swap);
  return {
    ...given("memoryBytes", memoryBytes),
    // As in podman: without a word about swap there is as much of it as memory.
    ...given("memorySwapBytes", swapBytes ?? (memoryBytes === undefined ? undefined : memoryBytes * 2)),
    ...given("memoryReservationBytes", reservation === undefined ? undefined : parseBytes(reservation)),
  };
}

function ioPart({ flags, changed }: ResourceRequest): Resources {
  const weight = flags["blkio-weight"];
  if (weight !== undefined && weight !== 0 && (weight < 10 || weight > 1000)) {
    throw invalid("range of blkio weight is from 10 to 1000");
  }
  const list = (name: DeviceFlag, parse: (text: string) => number) =>
    changed(name) ? splitList(flags[name]).map((text) => parseDevice(name, text, parse)) : undefined;
  return {
    ...given("blkioWeight", weight || undefined),
    ...given("blkioWeightDevices", list("blkio-weight-device", parseCount)),
    ...given("readBps", list("device-read-bps", parseBytes)),
    ...given("writeBps", list("device-write-bps", parseBytes)),
    ...given("readIops", list("device-read-iops", parseCount)),
    ...given("writeIops", list("device-write-iops", parseCount)),
  };
}

type DeviceFlag = Extract<keyof ResourceFlags, `device-${string}` | "blkio-weight-device">;

function unifiedPart({ flags }: ResourceRequest): Resources {
  const entries = splitList(flags["cgroup-conf"]).map((text) => {
    const [key, value] = cut(text, "=");
    if (value === undefined || !/^[\w.]+$/.test(key)) throw invalid(`cgroup-conf must be formatted KEY=VALUE: ${text}`);
    return [key, value] as const;
  });
  return entries.length === 0 ? {} : { unified: Object.fromEntries(entries) };
}

function given<Key extends keyof Resources>(key: Key, value: Resources[Key]): Pick<Resources, Key> | object {
  return value === undefined ? {} : { [key]: value };
}

function checkSet(name: string, text: string | undefined): string | undefined {
  if (text === undefined || /^\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*$/.test(text)) return text;
  throw invalid(`invalid value ${JSON.stringify(text)} for --${name}: write it as 0-3 or 0,1`);
}

function parseDevice(flag: string, text: string, parse: (value: string) => number): DeviceValue {
  const colon = text.lastIndexOf(":");
  const path = text.slice(0, Math.max(colon, 0));
  if (!path.startsWith("/dev/")) throw invalid(`bad format for device path: ${text}: give --${flag} /dev/NAME:VALUE`);
  return { path, value: parse(text.slice(colon + 1)) };
}

function parseCount(text: string): number {
  if (!/^\d+$/.test(text)) throw invalid(`invalid rate ${JSON.stringify(text)}: must be a whole number`);
  return Number(text);
}
