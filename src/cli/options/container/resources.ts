import type { OptionTable } from "../../command.ts";

const rate = (describe: string, valueName: string) => ({ type: "string", array: true, describe, valueName }) as const;

/** What the container may use of the machine. */
export const resourceOptions = {
  memory: { type: "string", short: "m", describe: "Memory limit", valueName: "<number>[<unit>]" },
  "memory-reservation": { type: "string", describe: "Memory soft limit", valueName: "<number>[<unit>]" },
  "memory-swap": {
    type: "string",
    describe: "Swap limit equal to memory plus swap: '-1' to enable unlimited swap",
    valueName: "<number>[<unit>]",
  },
  cpus: { type: "number", fraction: true, describe: "Number of CPUs", valueName: "float" },
  "cpu-period": { type: "number", describe: "Limit the CPU CFS period", valueName: "uint" },
  "cpu-quota": { type: "number", describe: "Limit the CPU CFS quota", valueName: "int" },
  "cpu-shares": { type: "number", short: "c", describe: "CPU shares (relative weight)", valueName: "uint" },
  "cpuset-cpus": { type: "string", describe: "CPUs in which to allow execution (0-3, 0,1)" },
  "cpuset-mems": { type: "string", describe: "Memory nodes (MEMs) in which to allow execution (0-3, 0,1)" },
  "pids-limit": { type: "number", describe: "Tune container pids limit (set -1 for unlimited)", valueName: "int" },
  "blkio-weight": {
    type: "number",
    describe: "Block IO weight (relative weight), between 10 and 1000",
    valueName: "uint",
  },
  "blkio-weight-device": rate("Block IO weight of a device (format: DEVICE:WEIGHT)", "DEVICE:WEIGHT"),
  "device-read-bps": rate("Limit read rate (bytes per second) from a device", "DEVICE:RATE"),
  "device-read-iops": rate("Limit read rate (IO per second) from a device", "DEVICE:RATE"),
  "device-write-bps": rate("Limit write rate (bytes per second) to a device", "DEVICE:RATE"),
  "device-write-iops": rate("Limit write rate (IO per second) to a device", "DEVICE:RATE"),
  "cgroup-conf": {
    type: "string",
    array: true,
    describe: "Configure cgroup v2 (key=value)",
    valueName: "strings",
  },
} as const satisfies OptionTable;
