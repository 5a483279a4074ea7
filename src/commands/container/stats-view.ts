import { humanSize } from "../../cli/human.ts";
import { goDuration } from "../../container/processes/go-duration.ts";
import type { InterfaceTraffic, MeasuredContainer, Usage } from "../../container/stats.ts";
import type { Column } from "../listing.ts";
import { shownId } from "./container-view.ts";

/** A container's usage, and what it was at the report before. */
export interface StatsRow extends MeasuredContainer {
  readonly before: Usage | undefined;
}

const unknown = "--";

export const statsHeadings: Readonly<Record<string, string>> = {
  ...{ AVGCPU: "AVG CPU %", CPUPerc: "CPU %", MemUsage: "MEM USAGE / LIMIT", MemUsageBytes: "MEM USAGE / LIMIT" },
  ...{ MemPerc: "MEM %", NetIO: "NET IO", BlockIO: "BLOCK IO", PIDS: "PIDS", PIDs: "PIDS", UpTime: "CPU TIME" },
};

export function statsColumns(noTrunc: boolean): Column<StatsRow>[] {
  return [
    ["ID", ({ record }) => shownId(record.id, noTrunc)],
    ["NAME", ({ record }) => record.name],
    ["CPU %", (row) => percent(cpuPercent(row))],
    ["MEM USAGE / LIMIT", memoryText],
    ["MEM %", (row) => percent(memoryPercent(row))],
    ["NET IO", networkText],
    ["BLOCK IO", blockText],
    ["PIDS", processesText],
    ["CPU TIME", cpuTimeText],
    ["AVG CPU %", (row) => percent(averageCpu(row))],
  ];
}

/** What templates see: podman's fields, Docker's among them. */
export function statsFields(row: StatsRow, noTrunc: boolean): object {
  const { record, usage } = row;
  return {
    ID: shownId(record.id, noTrunc),
    ContainerID: record.id,
    Container: record.name,
    Name: record.name,
    CPU: cpuPercent(row) ?? 0,
    CPUPerc: percent(cpuPercent(row)),
    AvgCPU: averageCpu(row) ?? 0,
    AVGCPU: percent(averageCpu(row)),
    CPUNano: usage?.cpuNs ?? 0n,
    Duration: usage?.cpuNs ?? 0n,
    CPUSystemNano: usage?.cpuSystemNs ?? 0n,
    SystemNano: BigInt(Date.now()) * 1_000_000n,
    MemUsage: memoryText(row),
    MemUsageBytes: memoryText(row, binarySize),
    MemLimit: usage?.memoryLimitBytes ?? 0,
    MemPerc: percent(memoryPercent(row)),
    NetIO: networkText(row),
    Network: new Map((usage?.network ?? []).map((one) => [one.name, interfaceFields(one)])),
    BlockIO: blockText(row),
    BlockInput: usage?.blockReadBytes ?? 0,
    BlockOutput: usage?.blockWrittenBytes ?? 0,
    PIDS: processesText(row),
    PIDs: usage?.processes ?? 0,
    Up: cpuTimeText(row),
    PerCPU: [],
    get ContainerStats() {
      return statsValues(row);
    },
    UpTime: cpuTimeText(row),
  };
}

/** The same values as `pod stats` calls them. */
export function podStatsValues(row: StatsRow) {
  const { record } = row;
  return {
    CPU: percent(cpuPercent(row)),
    MemUsage: memoryText(row),
    MemUsageBytes: memoryText(row, binarySize),
    Mem: percent(memoryPercent(row)),
    NetIO: networkText(row),
    BlockIO: blockText(row),
    PIDS: processesText(row),
    Pod: (record.config.pod?.id ?? "").slice(0, 12),
    CID: record.id.slice(0, 12),
    Name: record.name,
  };
}

/** The numbers behind the texts, under podman's names; 0 for what cannot be known. Times in nanoseconds, sizes in bytes. */
export function statsValues(row: StatsRow): object {
  const { record, usage } = row;
  const cpuNs = Number(usage?.cpuNs ?? 0n);
  return {
    AvgCPU: averageCpu(row) ?? 0,
    ContainerID: record.id,
    Name: record.name,
    PerCPU: null,
    CPU: cpuPercent(row) ?? 0,
    CPUNano: cpuNs,
    CPUSystemNano: Number(usage?.cpuSystemNs ?? 0n),
    SystemNano: Date.now() * 1e6,
    MemUsage: usage?.memoryBytes ?? 0,
    MemLimit: usage?.memoryLimitBytes ?? 0,
    MemPerc: memoryPercent(row) ?? 0,
    Network: Object.fromEntries((usage?.network ?? []).map((one) => [one.name, interfaceFields(one)])),
    BlockInput: usage?.blockReadBytes ?? 0,
    BlockOutput: usage?.blockWrittenBytes ?? 0,
    PIDs: usage?.processes ?? 0,
    UpTime: cpuNs,
    Duration: cpuNs,
  };
}

/** One element of `--format json`. */
export function statsJson(row: StatsRow): object {
  const { record } = row;
  return {
    id: shownId(record.id, false),
    name: record.name,
    cpu_time: cpuTimeText(row),
    cpu_percent: percent(cpuPercent(row)),
    avg_cpu: percent(averageCpu(row)),
    mem_usage: memoryText(row),
    mem_percent: percent(memoryPercent(row)),
    net_io: networkText(row),
    block_io: blockText(row),
    pids: processesText(row),
  };
}

/** Since the report before; in the first one since the container's start. A full processor is 100. */
function cpuPercent(row: StatsRow): number | undefined {
  const { usage, before } = row;
  if (usage?.cpuNs === undefined || before?.cpuNs === undefined) return averageCpu(row);
  const [used, passed] = [Number(usage.cpuNs - before.cpuNs), Number(usage.atNs - before.atNs)];
  return passed > 0 ? (Math.max(used, 0) / passed) * 100 : 0;
}

function averageCpu({ record, usage }: StatsRow): number | undefined {
  if (usage?.cpuNs === undefined || !record.startedAt) return undefined;
  const ranMs = Math.max(Date.now() - record.startedAt.getTime(), 1);
  return (Number(usage.cpuNs) / 1e6 / ranMs) * 100;
}

function memoryPercent({ usage }: StatsRow): number | undefined {
  return usage?.memoryBytes === undefined ? undefined : (usage.memoryBytes / usage.memoryLimitBytes) * 100;
}

function percent(value: number | undefined): string {
  return value === undefined ? unknown : `${value.toFixed(2)}%`;
}

function memoryText({ usage }: StatsRow, size = humanSize): string {
  return pair(usage?.memoryBytes, usage?.memoryLimitBytes, size);
}

function networkText({ usage }: StatsRow): string {
  const sum = (direction: "received" | "sent") =>
    usage?.network?.reduce((total, traffic) => total + traffic[direction].bytes, 0);
  return pair(sum("received"), sum("sent"));
}

function blockText({ usage }: StatsRow): string {
  return pair(usage?.blockReadBytes, usage?.blockWrittenBytes);
}

function pair(first: number | undefined, second: number | undefined, size = humanSize): string {
  const text = (bytes: number | undefined) => (bytes === undefined ? unknown : size(bytes));
  return `${text(first)} / ${text(second)}`;
}

function processesText({ usage }: StatsRow): string {
  return usage?.processes === undefined ? unknown : String(usage.processes);
}

function cpuTimeText({ usage }: StatsRow): string {
  return usage?.cpuNs === undefined ? unknown : goDuration(Number(usage.cpuNs) / 1e9);
}

function binarySize(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let [value, unit] = [bytes, 0];
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${Number(value.toPrecision(4))}${units[unit]}`;
}

function interfaceFields({ received, sent }: InterfaceTraffic): object {
  return {
    RxBytes: received.bytes,
    RxDropped: received.dropped,
    RxErrors: received.errors,
    RxPackets: received.packets,
    TxBytes: sent.bytes,
    TxDropped: sent.dropped,
    TxErrors: sent.errors,
    TxPackets: sent.packets,
  };
}
