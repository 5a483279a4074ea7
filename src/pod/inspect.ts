import { infraProgramPath } from "../container/infra.ts";
import { inspectMounts } from "../container/inspect/mounts.ts";
import { portBindings } from "../container/inspect/network.ts";
import type { Engine } from "../engine.ts";
import type { ContainerConfig, NamespaceMode } from "../model/container-config.ts";
import type { ListedPod } from "./list.ts";

/** What `pod inspect` shows, under podman's names. */
export function inspectPod(engine: Pick<Engine, "volumes">, { pod, containers, infra, status }: ListedPod): object {
  const { config } = pod;
  const mounts = infra ? inspectMounts(engine, userMounts(infra.config)) : [];
  return {
    Id: pod.id,
    Name: pod.name,
    Created: pod.createdAt.toISOString(),
    CreateCommand: config.createCommand,
    ExitPolicy: config.exitPolicy,
    State: status,
    Hostname: config.hostname,
    ...unlessEmpty("Labels", config.labels),
    CreateCgroup: config.sharesParent,
    CreateInfra: infra !== undefined,
    ...(infra ? { InfraContainerID: infra.id, InfraConfig: infraConfig(infra.config) } : {}),
    ...unlessEmpty("SharedNamespaces", sharedNamespaces(config.shares, infra?.config)),
    NumContainers: containers.length,
    ...unlessEmpty(
      "Containers",
      containers.map(({ id, name, state }) => ({ Id: id, Name: name, State: state })),
    ),
    ...limits(config.resources),
    ...unlessEmpty("mounts", mounts),
    ...unlessEmpty("volumes_from", infra?.config.volumesFrom ?? []),
    ...unlessEmpty("security_opt", infra?.config.security.given ?? []),
    ...(config.restart.policy === "no" ? {} : { RestartPolicy: config.restart.policy }),
    LockNumber: 0,
  };
}

function userMounts({ mounts }: ContainerConfig): ContainerConfig["mounts"] {
  return mounts.filter(({ destination }) => destination !== infraProgramPath);
}

function sharedNamespaces(shares: readonly string[], infra: ContainerConfig | undefined): readonly string[] {
  return infra && infra.userns.mode !== "host" ? [...shares, "user"] : shares;
}

function infraConfig(config: ContainerConfig): object {
  const { network } = config;
  return {
    PortBindings: portBindings(network.ports),
    HostNetwork: network.mode === "host",
    StaticIP: network.networks?.[0]?.ip4 ?? "",
    StaticMAC: network.networks?.[0]?.mac ?? "",
    NoManageResolvConf: network.dnsServers.includes("none"),
    DNSServer: orNull(network.dnsServers.filter((server) => server !== "none")),
    DNSSearch: orNull(network.dnsSearch),
    DNSOption: orNull(network.dnsOptions),
    NoManageHostname: network.noHostname,
    NoManageHosts: network.noHosts,
    HostAdd: orNull(network.extraHosts),
    HostsFile: network.hostsFile ?? "",
    Networks: orNull((network.networks ?? []).map(({ name }) => name)),
    NetworkOptions: network.options.length > 0 ? { [network.mode]: network.options } : null,
    pid_ns: modeName(config.pidMode),
    userns: config.userns.mode === "host" ? "host" : "private",
    uts_ns: modeName(config.utsMode),
  };
}

function modeName(mode: NamespaceMode): string {
  return mode.mode === "container" ? `container:${mode.id}` : mode.mode;
}

function limits(resources: ListedPod["pod"]["config"]["resources"] = {}): object {
  const found = {
    cpu_period: resources.cpuPeriod,
    cpu_quota: resources.cpuQuota,
    cpu_shares: resources.cpuShares,
    cpuset_cpus: resources.cpusetCpus,
    cpuset_mems: resources.cpusetMems,
    memory_limit: resources.memoryBytes,
    memory_swap: resources.memorySwapBytes,
    blkio_weight: resources.blkioWeight,
    device_read_bps: resources.readBps?.map(({ path, value }) => ({ Path: path, Rate: value })),
    device_write_bps: resources.writeBps?.map(({ path, value }) => ({ Path: path, Rate: value })),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

function orNull(list: readonly string[]): readonly string[] | null {
  return list.length > 0 ? list : null;
}

function unlessEmpty(name: string, value: object): object {
  return Object.keys(value).length > 0 ? { [name]: value } : {};
}
