import { describe, expect, it } from "vitest";
import { sliceProperties } from "../../src/container/pod-cgroup.ts";

describe("sliceProperties()", () => {
  it("says limits as systemd calls them", () => {
    const limits = { memoryBytes: 1000, memorySwapBytes: 1500, cpuQuota: 150_000, cpuPeriod: 100_000, cpuShares: 1024 };
    expect(sliceProperties({ ...limits, cpusetCpus: "0-1", writeBps: [{ path: "/dev/sda", value: 5 }] })).toEqual([
      "MemoryMax=1000",
      "MemorySwapMax=500",
      "CPUQuota=150%",
      "CPUWeight=39",
      "AllowedCPUs=0-1",
      "IOWriteBandwidthMax=/dev/sda 5",
    ]);
    expect(sliceProperties({ memoryBytes: 1000, memorySwapBytes: -1 })).toContain("MemorySwapMax=infinity");
  });
});
