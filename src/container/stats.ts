import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import type { Engine } from "../engine.ts";
import { chooseCgroupManager } from "../rootless/cgroup.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { listProcesses } from "./processes/list.ts";
import { refreshContainers } from "./refresh.ts";
import { isRunning } from "./state.ts";

/** What a container uses at one moment. Undefined is what cannot be known here. */
export interface Usage {
  /** When it was measured, by a clock that is never set. */
  readonly atNs: bigint;
  /** Since the container's start, of all its processes. */
  readonly cpuNs: bigint | undefined;
  /** The part spent in the kernel. */
  readonly cpuSystemNs: bigint | undefined;
  readonly memoryBytes: number | undefined;
  readonly memoryLimitBytes: number;
  readonly network: readonly InterfaceTraffic[] | undefined;
  readonly blockReadBytes: number | undefined;
  readonly blockWrittenBytes: number | undefined;
  readonly processes: number | undefined;
}

export interface InterfaceTraffic {
  readonly name: string;
  readonly received: TrafficCount;
  readonly sent: TrafficCount;
}

interface TrafficCount {
  readonly bytes: number;
  readonly packets: number;
  readonly errors: number;
  readonly dropped: number;
}

/** A container and what it uses; undefined if it does not run. */
export interface MeasuredContainer {
  readonly record: ContainerRecord;
  readonly usage: Usage | undefined;
}

/** Measures containers as they are now; those that are gone by now are left out. */
export async function measureUsage(engine: Engine, records: readonly ContainerRecord[]): Promise<MeasuredContainer[]> {
  const known = records.map(({ id }) => engine.containers.find(id)).filter((record) => record !== undefined);
  return (await refreshContainers(engine, known)).map((record) => ({ record, usage: usageOf(engine, record) }));
}

function usageOf({ globals }: Pick<Engine, "globals">, record: ContainerRecord): Usage | undefined {
  const { init, state, config } = record;
  if (!init || !isRunning(state)) return undefined;
  const hasCgroup = config.cgroups !== "disabled" && chooseCgroupManager(globals.cgroupManager).manager !== "disabled";
  const cgroup = hasCgroup ? cgroupFolder(init.pid) : undefined;
  const measured = cgroup === undefined ? fromProcesses(init.pid, config.pidMode.mode) : fromCgroup(cgroup);
  const hasNetwork = config.network.mode !== "host" && config.network.mode !== "none";
  return {
    ...measured,
    atNs: process.hrtime.bigint(),
    network: hasNetwork ? readTraffic(init.pid) : undefined,
  };
}

type Measured = Omit<Usage, "atNs" | "network">;

/** The container's own cgroup; the runtime puts the processes into one below it on some systems. */
function cgroupFolder(pid: number): string | undefined {
  const path = /^0::(\/.+)$/m.exec(readText(`/proc/${pid}/cgroup`) ?? "")?.[1];
  return path === undefined ? undefined : `/sys/fs/cgroup${path.replace(/\/container$/, "")}`;
}

function fromCgroup(folder: string): Measured {
  const cpu = readPairs(`${folder}/cpu.stat`);
  const io = (readText(`${folder}/io.stat`) ?? "").matchAll(/ (rbytes|wbytes)=(\d+)/g);
  const bytes = { rbytes: 0, wbytes: 0 };
  for (const [, direction, amount] of io) bytes[direction as "rbytes" | "wbytes"] += Number(amount);
  const hasIo = readText(`${folder}/io.stat`) !== undefined;
  return {
    cpuNs: microseconds(cpu.get("usage_usec")),
    cpuSystemNs: microseconds(cpu.get("system_usec")),
    memoryBytes: readNumber(`${folder}/memory.current`),
    memoryLimitBytes: Math.min(readNumber(`${folder}/memory.max`) ?? Number.POSITIVE_INFINITY, totalmem()),
    blockReadBytes: hasIo ? bytes.rbytes : undefined,
    blockWrittenBytes: hasIo ? bytes.wbytes : undefined,
    processes: readNumber(`${folder}/pids.current`),
  };
}

const tickNs = 10_000_000n;

/**
 * Without a cgroup: what the processes say for themselves. Time of processes that ended counts with those that waited for
 * them. What they have read and written is lost with each that ends, so it is not told at all.
 */
function fromProcesses(initPid: number, pidMode: string): Measured {
  const unknown = { blockReadBytes: undefined, blockWrittenBytes: undefined, memoryLimitBytes: totalmem() };
  if (pidMode === "host") {
    return { ...unknown, cpuNs: undefined, cpuSystemNs: undefined, memoryBytes: undefined, processes: undefined };
  }
  const processes = listProcesses(initPid);
  const sum = (...fields: readonly number[]) =>
    processes.reduce((total, { stat }) => total + fields.reduce((ticks, field) => ticks + Number(stat[field]), 0), 0);
  return {
    ...unknown,
    cpuNs: BigInt(sum(11, 12, 13, 14)) * tickNs,
    cpuSystemNs: BigInt(sum(12, 14)) * tickNs,
    memoryBytes: processes.reduce((total, { hostPid }) => total + proportionalBytes(hostPid), 0),
    processes: processes.length,
  };
}

/** A process's memory, with its part of what it shares. */
function proportionalBytes(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readText(`/proc/${pid}/smaps_rollup`) ?? "")?.[1] ?? 0) * 1024;
}

function readTraffic(pid: number): InterfaceTraffic[] | undefined {
  const lines = readText(`/proc/${pid}/net/dev`)?.trimEnd().split("\n").slice(2);
  return lines
    ?.map((line) => {
      const [name = "", numbers = ""] = line.split(":");
      const counts = numbers.trim().split(/\s+/).map(Number);
      return { name: name.trim(), received: countsFrom(counts, 0), sent: countsFrom(counts, 8) };
    })
    .filter(({ name }) => name !== "lo");
}

function countsFrom(counts: readonly number[], first: number): TrafficCount {
  const [bytes = 0, packets = 0, errors = 0, dropped = 0] = counts.slice(first);
  return { bytes, packets, errors, dropped };
}

function microseconds(text: string | undefined): bigint | undefined {
  return text === undefined ? undefined : BigInt(text) * 1000n;
}

function readPairs(path: string): Map<string, string> {
  const lines = (readText(path) ?? "").trimEnd().split("\n");
  return new Map(lines.map((line) => line.split(" ") as [string, string]));
}

/** Undefined for `max` and for a file that is not there. */
function readNumber(path: string): number | undefined {
  const value = Number.parseInt(readText(path) ?? "", 10);
  return Number.isNaN(value) ? undefined : value;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
