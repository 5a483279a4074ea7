import { describe, expect, it } from "vitest";
import type { ResourceFlags } from "../../../src/container/config/flags.ts";
import { changeResources } from "../../../src/container/config/resources.ts";
import { checkLimits, keptLimits, requireLimits } from "../../../src/container/limits.ts";
import { resourcesSpec } from "../../../src/container/spec/resources.ts";

const none = {
  "cgroup-conf": [],
  "blkio-weight-device": [],
  "device-read-bps": [],
  "device-read-iops": [],
  "device-write-bps": [],
  "device-write-iops": [],
} as unknown as ResourceFlags;

function change(flags: Partial<ResourceFlags>, before = {}) {
  return changeResources({ flags: { ...none, ...flags }, changed: (name) => name in flags }, before);
}

describe("changeResources()", () => {
  it.each<[Partial<ResourceFlags>, object]>([
    [{}, {}],
    [{ memory: "64m" }, { memoryBytes: 67108864, memorySwapBytes: 134217728 }],
    [
      { memory: "1g", "memory-swap": "-1" },
      { memoryBytes: 1073741824, memorySwapBytes: -1 },
    ],
    [{ cpus: 1.5 }, { cpuPeriod: 100000, cpuQuota: 150000 }],
    [{ "pids-limit": 0 }, { pidsLimit: -1 }],
    [{ "cpuset-cpus": "0-3,5" }, { cpusetCpus: "0-3,5" }],
    [{ "device-read-bps": ["/dev/sda:10mb"] }, { readBps: [{ path: "/dev/sda", value: 10485760 }] }],
  ])("reads %j", (flags, expected) => expect(change(flags)).toEqual(expected));

  it("changes only what is given", () => {
    expect(change({ cpus: 2 }, { pidsLimit: 5, cpuQuota: 1 })).toEqual({
      pidsLimit: 5,
      cpuPeriod: 100000,
      cpuQuota: 200000,
    });
  });

  it.each<[Partial<ResourceFlags>, RegExp]>([
    [{ cpus: 1, "cpu-quota": 5 }, /--cpus cannot be used together/],
    [{ "memory-swap": "1g" }, /always set a memory limit/],
    [{ memory: "1g", "memory-swap": "1m" }, /larger than memory limit/],
    [{ memory: "1m", "memory-reservation": "1g" }, /cannot be less than memory reservation/],
    [{ "blkio-weight": 5 }, /from 10 to 1000/],
    [{ "cpuset-cpus": "a" }, /invalid value "a" for --cpuset-cpus/],
    [{ "device-write-iops": ["sda:1"] }, /bad format for device path/],
    [{ memory: "lots" }, /invalid size/],
  ])("refuses %j", (flags, message) => expect(() => change(flags)).toThrow(message));
});

describe("resourcesSpec()", () => {
  it("says what the runtime understands", () => {
    expect(resourcesSpec(change({ memory: "1k", cpus: 1, "pids-limit": 7 }))).toEqual({
      memory: { limit: 1024, swap: 2048 },
      cpu: { quota: 100000, period: 100000 },
      pids: { limit: 7 },
    });
    expect(resourcesSpec({})).toBeUndefined();
  });

  it("refuses what is no block device", () => {
    expect(() => resourcesSpec({ readBps: [{ path: "/dev/null", value: 1 }] })).toThrow(
      "/dev/null is not a block device",
    );
  });
});

describe("limits that cannot be kept", () => {
  const globals = { storageOpts: [], logLevel: "warn", cgroupManager: "disabled" } as const;
  const check = (config: Parameters<typeof checkLimits>[1]) => {
    const warnings: string[] = [];
    checkLimits({ globals, warn: (message) => void warnings.push(message) }, config);
    return warnings;
  };

  it("are told once when a container is made, with the file that would help", () => {
    expect(check({ resources: { pidsLimit: 1, memoryBytes: 1, memorySwapBytes: 2 }, cgroups: "enabled" })).toEqual([
      expect.stringMatching(
        /^limits by pids, memory are not kept: --cgroup-manager says so; .*Delegate=cpu cpuset io memory pids.*user@\.service\.d/,
      ),
    ]);
    expect(check({ cgroups: "enabled" })).toEqual([]);
    expect(check({ resources: { pidsLimit: -1, memorySwapBytes: -1 }, cgroups: "enabled" })).toEqual([]);
  });

  it("are refused where a limit is to be kept now, or there is to be no cgroup at all", () => {
    expect(() => requireLimits({ globals }, { resources: { pidsLimit: 1 }, cgroups: "enabled" })).toThrow(
      "limits by pids cannot be kept: --cgroup-manager says so",
    );
    expect(requireLimits({ globals }, { cgroups: "enabled" })).toBeUndefined();
    expect(() => check({ resources: { pidsLimit: 1 }, cgroups: "disabled" })).toThrow(
      "cannot specify resource limits when cgroups are disabled is specified",
    );
    expect(() => check({ cgroupParent: "work.slice", cgroups: "enabled" })).toThrow(
      "--cgroup-parent work.slice is not possible: the container gets no cgroup",
    );
  });

  it("are left out of what the runtime is told", () => {
    const resources = { memoryBytes: 1, cpuShares: 2, unified: { "memory.high": "1", "io.weight": "9" } };
    expect(keptLimits(resources, ["memory", "pids"])).toEqual({ memoryBytes: 1, unified: { "memory.high": "1" } });
    expect(keptLimits(resources, [])).toEqual({});
    expect(keptLimits(undefined, ["memory"])).toBeUndefined();
  });
});

describe("0 as a limit", () => {
  it("is none, and takes away one that there was", () => {
    expect(change({ memory: "0", "cpu-quota": 0, "cpu-shares": 0 })).toEqual({});
    expect(change({ memory: "0" }, { memoryBytes: 1 << 20, memorySwapBytes: 2 << 20 })).toEqual({
      memoryBytes: -1,
      memorySwapBytes: -1,
    });
  });
});
