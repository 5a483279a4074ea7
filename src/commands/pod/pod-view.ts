import { humanSince } from "../../cli/human.ts";
import { toMap } from "../../cli/template/values.ts";
import type { ListedPod } from "../../pod/list.ts";
import type { Column } from "../listing.ts";
import { invalid } from "./targets.ts";

interface ViewOptions {
  readonly "no-trunc": boolean;
}

interface ColumnOptions extends ViewOptions {
  readonly "ctr-ids": boolean;
  readonly "ctr-names": boolean;
  readonly "ctr-status": boolean;
  readonly ns: boolean;
}

export const podHeadings: Readonly<Record<string, string>> = {
  ...{ Id: "POD ID", ID: "POD ID", InfraID: "INFRA ID", InfraId: "INFRA ID", NumberOfContainers: "# OF CONTAINERS" },
  ...{ ContainerIds: "IDS", ContainerNames: "NAMES", ContainerStatuses: "STATUS", Namespace: "NAMESPACES" },
};

/** A pod's or container's id, as long as the user wants it. */
export function shownPodId(id: string, { "no-trunc": noTrunc }: ViewOptions): string {
  return noTrunc ? id : id.slice(0, 12);
}

export function podColumns(options: ColumnOptions): Column<ListedPod>[] {
  const { "ctr-ids": ids, "ctr-names": names, "ctr-status": status, ns } = options;
  return [
    ["POD ID", ({ pod }) => shownPodId(pod.id, options)],
    ["NAME", ({ pod }) => pod.name],
    ["STATUS", (row) => row.status],
    ["CREATED", ({ pod }) => humanSince(pod.createdAt)],
    ["INFRA ID", ({ infra }) => shownPodId(infra?.id ?? "", options)],
    ...(ids ? [["IDS", (row: ListedPod) => containerIds(row, options)] as const] : []),
    ...(names ? [["NAMES", containerNames] as const] : []),
    ...(status ? [["STATUS", containerStatuses] as const] : []),
    ...(ns ? [["CGROUP", () => ""] as const, ["NAMESPACES", () => ""] as const] : []),
    ...(ids || names || status
      ? []
      : [["# OF CONTAINERS", ({ containers }: ListedPod) => String(containers.length)] as const]),
  ];
}

/** What templates see: podman's fields. */
export function podFields(row: ListedPod, options: ViewOptions): object {
  const { pod, infra, containers, status } = row;
  const id = shownPodId(pod.id, options);
  const infraId = shownPodId(infra?.id ?? "", options);
  return {
    Id: id,
    ID: id,
    Name: pod.name,
    Status: status,
    get Created() {
      return humanSince(pod.createdAt);
    },
    InfraId: infraId,
    InfraID: infraId,
    Containers: containerList(row),
    ContainerIds: containerIds(row, options),
    ContainerNames: containerNames(row),
    ContainerStatuses: containerStatuses(row),
    NumberOfContainers: containers.length,
    Restarts: String(containers.reduce((sum, { restartCount }) => sum + restartCount, 0)),
    Labels: toMap(pod.config.labels),
    Label: (name: string) => pod.config.labels[name] ?? "",
    Networks: networkNames(row).join(","),
    Cgroup: "",
    Namespace: "",
  };
}

/** One element of `pod ps --format json`. */
export function podJson(row: ListedPod): object {
  const { pod, infra, status } = row;
  return {
    Cgroup: "",
    Containers: containerList(row),
    Created: pod.createdAt.toISOString(),
    Id: pod.id,
    InfraId: infra?.id ?? "",
    Name: pod.name,
    Namespace: "",
    Networks: networkNames(row),
    Status: status,
    Labels: pod.config.labels,
  };
}

/** The newest first, unless the user wants another order. @throws {DhowError} `invalid-argument`. */
export function sortPods(rows: readonly ListedPod[], key: string): ListedPod[] {
  const value = sortValues[key];
  if (!value) throw invalid("invalid option for --sort, options are: created, id, name, number, or status");
  const compare = (a: string | number, b: string | number) => (a < b ? -1 : a > b ? 1 : 0);
  return rows.toSorted((a, b) => compare(value(a), value(b)));
}

const sortValues: Readonly<Record<string, (row: ListedPod) => string | number>> = {
  created: ({ pod }) => -pod.createdAt.getTime(),
  id: ({ pod }) => pod.id,
  name: ({ pod }) => pod.name,
  number: ({ containers }) => containers.length,
  status: ({ status }) => status,
};

function containerList({ containers }: ListedPod): object[] {
  return containers.map(({ id, name, state, restartCount }) => ({
    Id: id,
    Names: name,
    Status: state,
    RestartCount: restartCount,
  }));
}

function containerIds({ containers }: ListedPod, options: ViewOptions): string {
  return containers.map(({ id }) => shownPodId(id, options)).join(",");
}

function containerNames({ containers }: ListedPod): string {
  return containers.map(({ name }) => name).join(",");
}

function containerStatuses({ containers }: ListedPod): string {
  return containers.map(({ state }) => state).join(",");
}

/** Only networks that a user could have made have a name. */
function networkNames({ infra }: ListedPod): string[] {
  return infra?.config.network.networks?.map(({ name }) => name) ?? [];
}
