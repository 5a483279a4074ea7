import { statSync } from "node:fs";
import { DhowError } from "../../errors.ts";
import type { DeviceValue, Resources } from "../../model/resources.ts";
import type { ResourcesSpec } from "../../oci/runtime-spec.ts";

/** Limits as the runtime takes them; undefined if there are none. */
export function resourcesSpec(resources: Resources | undefined): ResourcesSpec | undefined {
  if (!resources || Object.keys(resources).length === 0) return undefined;
  return {
    ...part("memory", {
      limit: resources.memoryBytes,
      reservation: resources.memoryReservationBytes,
      swap: resources.memorySwapBytes,
    }),
    ...part("cpu", {
      shares: resources.cpuShares,
      quota: resources.cpuQuota,
      period: resources.cpuPeriod,
      cpus: resources.cpusetCpus,
      mems: resources.cpusetMems,
    }),
    ...part("pids", { limit: resources.pidsLimit }),
    ...part("blockIO", {
      weight: resources.blkioWeight,
      weightDevice: resources.blkioWeightDevices?.map((one) => ({ ...device(one), weight: one.value })),
      throttleReadBpsDevice: rates(resources.readBps),
      throttleWriteBpsDevice: rates(resources.writeBps),
      throttleReadIOPSDevice: rates(resources.readIops),
      throttleWriteIOPSDevice: rates(resources.writeIops),
    }),
    ...(resources.unified ? { unified: resources.unified } : {}),
  };
}

function part(name: string, values: Readonly<Record<string, unknown>>): object {
  const set = Object.entries(values).filter(([, value]) => value !== undefined);
  return set.length === 0 ? {} : { [name]: Object.fromEntries(set) };
}

function rates(values: readonly DeviceValue[] | undefined): object[] | undefined {
  return values?.map((one) => ({ ...device(one), rate: one.value }));
}

function device({ path }: DeviceValue): { readonly major: number; readonly minor: number } {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isBlockDevice()) throw new DhowError(`${path} is not a block device`, { kind: "invalid-argument" });
  const { rdev } = stats;
  return { major: (rdev >> 8) & 0xfff, minor: (rdev & 0xff) | ((rdev >> 12) & 0xfff00) };
}
