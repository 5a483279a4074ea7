import type { ContainerConfig, MountConfig, NamespaceMode, UserNamespaceConfig } from "../../model/container-config.ts";
import type { IdRange } from "../../model/id-ranges.ts";
import type { DeviceValue } from "../../model/resources.ts";
import type { RlimitSpec } from "../../oci/runtime-spec.ts";
import type { CgroupManager } from "../../rootless/cgroup.ts";
import type { ContainerRecord } from "../../storage/containers.ts";
import { networkMode, portBindings } from "./network.ts";

export interface HostConfigFacts {
  readonly logPath: string;
  readonly cgroupManager: CgroupManager;
  /** Of the container's processes; -1 is unlimited. */
  readonly limits: readonly RlimitSpec[];
}

/** The part `HostConfig` of `inspect`. */
export function inspectHostConfig({ config }: ContainerRecord, facts: HostConfigFacts): object {
  const { logPath, limits: rlimits, cgroupManager } = facts;
  const { network } = config;
  return {
    Binds: config.mounts.filter(({ type }) => type === "bind" || type === "volume").map(bindText),
    CgroupManager: cgroupManager,
    CgroupMode: modeText(config.cgroupMode),
    ContainerIDFile: config.cidFile ?? "",
    LogConfig: {
      Type: config.log.driver,
      Config: null,
      Path: logPath,
      Tag: config.log.tag ?? "",
      Size: decimalSize(config.log.maxSizeBytes ?? 0),
    },
    NetworkMode: networkMode(network),
    PortBindings: portBindings(network.ports),
    RestartPolicy: { Name: config.restart.policy, MaximumRetryCount: config.restart.maxRetries },
    AutoRemove: config.autoRemove,
    AutoRemoveImage: false,
    Annotations: { "io.container.manager": "dhow", ...config.annotations },
    HostsFile: network.hostsFile ?? "",
    VolumeDriver: "",
    VolumesFrom: config.volumesFrom.length > 0 ? config.volumesFrom : null,
    CapAdd: config.capAdd,
    CapDrop: config.capDrop,
    Dns: network.dnsServers,
    DnsOptions: network.dnsOptions,
    DnsSearch: network.dnsSearch,
    ExtraHosts: network.extraHosts,
    GroupAdd: config.groupAdd,
    IpcMode: config.ipcMode.mode === "private" ? "shareable" : modeText(config.ipcMode),
    Cgroup: "",
    Cgroups: config.cgroups === "enabled" ? "default" : config.cgroups,
    Links: null,
    OomScoreAdj: config.oomScoreAdj ?? 0,
    PidMode: modeText(config.pidMode),
    Privileged: config.privileged,
    PublishAllPorts: false,
    ReadonlyRootfs: config.readOnly,
    SecurityOpt: config.security.given,
    Tmpfs: tmpfs(config),
    UTSMode: modeText(config.utsMode),
    UsernsMode: usernsText(config.userns),
    ...idMappings(config.userns),
    ShmSize: config.shmSizeBytes,
    Runtime: "oci",
    ConsoleSize: [0, 0],
    Isolation: "",
    ...limits(config),
    Init: config.init,
    Devices: config.devices.map(device),
    Sysctls: config.sysctls,
    Ulimits: rlimits.map(({ type, soft, hard }) => ({ Name: type, Soft: soft, Hard: hard })),
  };
}

function limits({ resources = {}, cgroupParent = "" }: ContainerConfig): object {
  const { cpuQuota = 0, cpuPeriod = 0 } = resources;
  return {
    CpuShares: resources.cpuShares ?? 0,
    Memory: resources.memoryBytes ?? 0,
    NanoCpus: cpuQuota > 0 && cpuPeriod > 0 ? Math.round((cpuQuota / cpuPeriod) * 1e9) : 0,
    CgroupParent: cgroupParent,
    BlkioWeight: resources.blkioWeight ?? 0,
    BlkioWeightDevice: resources.blkioWeightDevices?.map(({ path, value }) => ({ Path: path, Weight: value })) ?? null,
    BlkioDeviceReadBps: deviceRates(resources.readBps),
    BlkioDeviceWriteBps: deviceRates(resources.writeBps),
    BlkioDeviceReadIOps: deviceRates(resources.readIops),
    BlkioDeviceWriteIOps: deviceRates(resources.writeIops),
    CpuPeriod: cpuPeriod,
    CpuQuota: cpuQuota,
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: resources.cpusetCpus ?? "",
    CpusetMems: resources.cpusetMems ?? "",
    DiskQuota: 0,
    MemoryReservation: resources.memoryReservationBytes ?? 0,
    MemorySwap: resources.memorySwapBytes ?? 0,
    MemorySwappiness: 0,
    ...{ KernelMemory: 0, CpuCount: 0, CpuPercent: 0, IOMaximumIOps: 0, IOMaximumBandwidth: 0 },
    CgroupConf: resources.unified ?? null,
    OomKillDisable: false,
    PidsLimit: resources.pidsLimit ?? 0,
  };
}

/** `3.019MB`: four digits, in decimal units. */
function decimalSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let [value, unit] = [bytes, 0];
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${Number(value.toPrecision(4))}${units[unit]}`;
}

function deviceRates(values: readonly DeviceValue[] | undefined): object[] | null {
  return values?.map(({ path, value }) => ({ Path: path, Rate: value })) ?? null;
}

function usernsText(userns: UserNamespaceConfig): string {
  if (userns.mode !== "joined") return userns.mode === "private" ? "private" : "";
  return userns.containerId === undefined ? `ns:${userns.path}` : `container:${userns.containerId}`;
}

function idMappings(userns: UserNamespaceConfig): object {
  if (userns.mode === "host") return {};
  const text = ({ containerId, hostId, size }: IdRange) => `${containerId}:${hostId}:${size}`;
  return { IDMappings: { UidMap: userns.uids.map(text), GidMap: userns.gids.map(text) } };
}

function modeText(mode: NamespaceMode): string {
  return mode.mode === "container" ? `container:${mode.id}` : mode.mode;
}

function bindText({ source, destination, options }: MountConfig): string {
  const access = options.includes("ro") || options.includes("rw") ? [] : ["rw"];
  return [source, destination, [...access, ...options].join(",")].filter(Boolean).join(":");
}

function tmpfs({ mounts }: ContainerConfig): Record<string, string> {
  const entries = mounts.filter(({ type }) => type === "tmpfs");
  return Object.fromEntries(entries.map(({ destination, options }) => [destination, options.join(",")]));
}

function device(text: string): object {
  const [host = "", container = host, permissions = "rwm"] = text.split(":");
  return { PathOnHost: host, PathInContainer: container, CgroupPermissions: permissions };
}
