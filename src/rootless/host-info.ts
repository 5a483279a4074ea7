import { readFileSync } from "node:fs";
import { arch, cpus, hostname, release, totalmem, uptime } from "node:os";
import { findProgram, tryRun } from "../system/process.ts";
import { chooseCgroupManager } from "./cgroup.ts";
import { type IdMapping, readIdMap } from "./id-map.ts";
import { currentUserId } from "./user.ts";

export interface HostInfoOptions {
  /** --cgroup-manager and --runtime. */
  readonly cgroupManager: string | undefined;
  readonly runtime: string | undefined;
}

/** The host part of `info`, in podman's shape. Call it inside of the namespaces. */
export function describeHost({ cgroupManager, runtime }: HostInfoOptions) {
  const cgroups = chooseCgroupManager(cgroupManager);
  const memory = readMemory();
  const { uids, gids } = readIdMap();
  return {
    arch: goArchitecture(),
    cgroupControllers: cgroups.controllers,
    cgroupManager: cgroups.manager,
    cgroupManagerReason: cgroups.reason,
    cgroupVersion: cgroups.version === "v1" ? "v1" : "v2",
    conmon: onOneLine(describeProgram("conmon")),
    cpuUtilization: readCpuUtilization(),
    cpus: cpus().length,
    distribution: readDistribution(),
    databaseBackend: "sqlite",
    eventLogger: "file",
    hostname: hostname(),
    idMappings: { gidmap: gids.map(describeMapping), uidmap: uids.map(describeMapping) },
    kernel: release(),
    logDriver: "k8s-file",
    memFree: memory("MemFree"),
    memTotal: totalmem(),
    networkBackend: "netavark",
    ociRuntime: describeRuntime(runtime),
    os: "linux",
    pasta: withExecutable(withoutCopyright(describeProgram("pasta"))),
    remoteSocket: { exists: false, path: "" },
    serviceIsRemote: false,
    security: {
      apparmorEnabled: false,
      rootless: currentUserId() !== 0,
      seccompEnabled: /^Seccomp:/m.test(readText("/proc/self/status")),
      seccompProfilePath: "",
      selinuxEnabled: false,
    },
    slirp4netns: withExecutable(describeProgram("slirp4netns")),
    swapFree: memory("SwapFree"),
    swapTotal: memory("SwapTotal"),
    uptime: describeUptime(uptime()),
    linkmode: "dynamic",
  };
}

/** This machine's architecture as Go and OCI call it. */
export function goArchitecture(): string {
  const names: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", loong64: "loong64", ppc64: "ppc64le" };
  return names[arch()] ?? arch();
}

interface ProgramInfo {
  readonly package: string;
  readonly path: string;
  readonly version: string;
}

/** Asking the package database would take longer than everything else together. */
const unknownPackage = "Unknown";

function describeProgram(name: string): ProgramInfo {
  const path = name.startsWith("/") ? name : findProgram(name);
  if (path === undefined) return { package: "", path: "", version: "" };
  return { package: unknownPackage, path, version: tryRun([path, "--version"]).stdout.trim() };
}

function onOneLine(info: ProgramInfo): ProgramInfo {
  return { ...info, version: info.version.split("\n").join(", ") };
}

function withoutCopyright(info: ProgramInfo): ProgramInfo {
  return { ...info, version: info.version.split("\n", 1)[0] ?? "" };
}

function withExecutable({ path, ...others }: ProgramInfo) {
  return { executable: path, ...others };
}

function describeRuntime(wanted: string | undefined) {
  const info = describeProgram(wanted ?? (findProgram("crun") ? "crun" : "runc"));
  return { name: info.path.slice(info.path.lastIndexOf("/") + 1), ...info };
}

function describeMapping({ containerId, hostId, size }: IdMapping) {
  return { container_id: containerId, host_id: hostId, size };
}

function readDistribution() {
  const text = readText("/etc/os-release");
  const value = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, "m").exec(text)?.[1] ?? "";
  const codename = value("VERSION_CODENAME");
  const named = { distribution: value("ID") || "unknown", version: value("VERSION_ID") || "unknown" };
  return codename === "" ? named : { codename, ...named };
}

/** @returns A function that gives a value of /proc/meminfo in bytes. */
function readMemory(): (name: string) => number {
  const text = readText("/proc/meminfo");
  return (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0) * 1024;
}

/** Since the machine started. */
function readCpuUtilization() {
  const [user = 0, nice = 0, system = 0, ...others] =
    readText("/proc/stat").split("\n", 1)[0]?.split(/\s+/).slice(1).map(Number) ?? [];
  const idle = others[0] ?? 0;
  const total = user + nice + system + others.reduce((sum, ticks) => sum + ticks, 0);
  const percent = (ticks: number) => (total === 0 ? 0 : Math.round((ticks / total) * 10_000) / 100);
  return { idlePercent: percent(idle), systemPercent: percent(system), userPercent: percent(user + nice) };
}

/** As podman: `26h 12m 44.00s (Approximately 1.08 days)`. */
export function describeUptime(seconds: number): string {
  const whole = Math.floor(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const clock = `${hours}h ${minutes}m ${(whole % 60).toFixed(2)}s`;
  return hours > 0 ? `${clock} (Approximately ${(Math.floor((hours / 24) * 100) / 100).toFixed(2)} days)` : clock;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
