import { goTime, humanDuration, humanSince, humanSize } from "../../cli/human.ts";
import { toMap } from "../../cli/template/values.ts";
import type { ListedContainer } from "../../container/list.ts";
import { readNamespaces } from "../../container/namespace-ids.ts";
import type { ContainerSizes } from "../../container/sizes.ts";
import { hasEnded, isRunning } from "../../container/state.ts";
import type { PortMapping } from "../../model/container-config.ts";
import { portRanges, portsText } from "./ports-text.ts";

/** A container in a listing; its size if that was asked for. */
export interface ContainerRow {
  readonly record: ListedContainer;
  readonly sizes: ContainerSizes | undefined;
  /** By which it can be reached from the host. */
  ports(): readonly PortMapping[];
  /** Name of the container's pod, "" for one that is in none. */
  podName(): string;
}

const longestCommand = 17;
/** Seconds of Go's zero time, which podman shows for what has not happened. */
const never = -62135596800;

/** `Up 2 seconds (healthy)`, `Exited (0) 3 seconds ago`, `Created`. */
export function statusText({ state, startedAt, finishedAt, exitCode, healthStatus }: ListedContainer): string {
  const health = healthStatus === undefined ? "" : ` (${healthStatus})`;
  if (state === "running" && startedAt) return `Up ${humanDuration(Date.now() - startedAt.getTime())}${health}`;
  if (hasEnded(state)) return `Exited (${exitCode ?? 0}) ${humanSince(finishedAt ?? new Date())}`;
  return `${state.charAt(0).toUpperCase()}${state.slice(1)}`;
}

export function commandText({ config }: ListedContainer, noTrunc: boolean): string {
  const text = config.command.length > 0 ? config.command.join(" ") : config.argv.join(" ");
  return noTrunc || text.length <= longestCommand ? text : `${text.slice(0, longestCommand)}...`;
}

export function shownId(id: string, noTrunc: boolean): string {
  return noTrunc ? id : id.slice(0, 12);
}

/** `0.0.0.0:8080->80/tcp`, and ports that are only exposed. */
export function shownPorts({ record, ports }: ContainerRow): string {
  return portsText(ports(), record.config.exposedPorts);
}

export function sizeText({ sizes }: ContainerRow): string {
  return sizes ? `${humanSize(sizes.writtenBytes)} (virtual ${humanSize(sizes.totalBytes)})` : "";
}

/** What templates of `ps` see: podman's fields and Docker's. Computed when a template asks for them. */
export function containerFields(row: ContainerRow, { noTrunc }: { readonly noTrunc: boolean }): object {
  const { record } = row;
  const { config, state } = record;
  return {
    ID: shownId(record.id, noTrunc),
    Id: record.id,
    Image: config.imageName,
    ImageID: shownId(config.imageId, noTrunc),
    Command: commandText(record, noTrunc),
    Names: record.name,
    Labels: toMap(config.labels),
    Label: (name: string) => config.labels[name] ?? "",
    Mounts: config.mounts.map(({ destination }) => destination),
    Networks: networkNames(record).join(","),
    State: state,
    Pid: record.init?.pid ?? 0,
    ExitCode: record.exitCode ?? 0,
    Exited: hasEnded(state),
    ExitedAt: seconds(record.finishedAt),
    StartedAt: seconds(record.startedAt),
    AutoRemove: config.autoRemove,
    Restarts: record.restartCount,
    CIDFile: config.cidFile ?? "",
    IsInfra: isInfra(record),
    Pod: shownId(config.pod?.id ?? "", noTrunc),
    get PodName() {
      return row.podName();
    },
    HealthStatus: record.healthStatus ?? "",
    ExposedPorts: config.exposedPorts,
    CreatedAt: goTime(record.createdAt),
    Created: record.createdAt,
    get CreatedHuman() {
      return humanSince(record.createdAt);
    },
    get RunningFor() {
      return humanSince(record.createdAt);
    },
    get Status() {
      return statusText(record);
    },
    get Ports() {
      return shownPorts(row);
    },
    get Size() {
      return sizeText(row);
    },
    get Namespaces() {
      const { Cgroup, Ipc, Mnt, Net, Pidns, User, Uts } = readNamespaces(record);
      return { Cgroup, IPC: Ipc, MNT: Mnt, NET: Net, PIDNS: Pidns, User, UTS: Uts };
    },
    CGROUPNS: () => readNamespaces(record).Cgroup,
    IPC: () => readNamespaces(record).Ipc,
    MNT: () => readNamespaces(record).Mnt,
    NET: () => readNamespaces(record).Net,
    PIDNS: () => readNamespaces(record).Pidns,
    USERNS: () => readNamespaces(record).User,
    UTS: () => readNamespaces(record).Uts,
  };
}

/** One element of `ps --format json`. */
export function containerJson({ record, sizes, ports, podName }: ContainerRow): object {
  const { config, state } = record;
  return {
    AutoRemove: config.autoRemove,
    Command: config.command.length > 0 ? config.command : config.argv,
    CreatedAt: humanSince(record.createdAt),
    CIDFile: config.cidFile ?? "",
    Exited: hasEnded(state),
    ExitedAt: seconds(record.finishedAt),
    ExitCode: record.exitCode ?? 0,
    ExposedPorts: exposedByNumber(config.exposedPorts),
    Id: record.id,
    Image: config.imageName,
    ImageID: config.imageId,
    IsInfra: isInfra(record),
    Labels: config.labels,
    Mounts: config.mounts.map(({ destination }) => destination),
    Names: [record.name],
    Namespaces: isRunning(state) ? readNamespaces(record) : {},
    Networks: networkNames(record),
    Pid: record.init?.pid ?? 0,
    Pod: config.pod?.id ?? "",
    PodName: podName(),
    Ports: jsonPorts(ports()),
    Restarts: record.restartCount,
    Size: sizes ? { rootFsSize: sizes.totalBytes, rwSize: sizes.writtenBytes } : null,
    StartedAt: seconds(record.startedAt),
    State: state,
    Status: statusText(record),
    Created: seconds(record.createdAt),
  };
}

/** Only networks that a user could have made have a name. */
function networkNames({ config }: ListedContainer): string[] {
  return config.network.networks?.map(({ name }) => name) ?? [];
}

function isInfra({ config }: ListedContainer): boolean {
  return config.pod?.role === "infra";
}

function seconds(date: Date | undefined): number {
  return date ? Math.floor(date.getTime() / 1000) : never;
}

function jsonPorts(ports: readonly PortMapping[]): object[] | null {
  if (ports.length === 0) return null;
  return portRanges(ports).map(({ hostIp, hostPort, containerPort, range, protocol }) => ({
    host_ip: hostIp,
    container_port: containerPort,
    host_port: hostPort,
    range,
    protocol,
  }));
}

function exposedByNumber(ports: readonly string[]): Record<string, string[]> | null {
  if (ports.length === 0) return null;
  const byNumber: Record<string, string[]> = {};
  for (const port of ports) {
    const [number = "", protocol = "tcp"] = port.split("/");
    byNumber[number] = [...(byNumber[number] ?? []), protocol];
  }
  return byNumber;
}
