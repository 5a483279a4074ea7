import { readNamespaces } from "../../container/namespace-ids.ts";
import type { Column } from "../listing.ts";
import { type ContainerRow, commandText, shownId, statusText } from "./container-view.ts";

/** The values of --sort. */
export const sortKeys = ["command", "created", "id", "image", "names", "runningfor", "size", "status"];

/** Sorts a listing, which comes sorted by creation. */
export function sortRows(rows: readonly ContainerRow[], key: string): ContainerRow[] {
  const value = values[key];
  return value ? rows.toSorted((a, b) => compare(value(a), value(b))) : [...rows];
}

const values: Readonly<Record<string, (row: ContainerRow) => string | number>> = {
  command: ({ record }) => commandText(record, true),
  id: ({ record }) => record.id,
  image: ({ record }) => record.config.imageName,
  names: ({ record }) => record.name,
  runningfor: ({ record }) => record.startedAt?.getTime() ?? 0,
  size: ({ sizes }) => sizes?.totalBytes ?? 0,
  status: ({ record }) => statusText(record),
};

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The columns of `ps --ns`. */
export function namespaceColumns(noTrunc: boolean): Column<ContainerRow>[] {
  return [
    ["CONTAINER ID", ({ record }) => shownId(record.id, noTrunc)],
    ["NAMES", ({ record }) => record.name],
    ["PID", ({ record }) => String(record.init?.pid ?? 0)],
    ["CGROUPNS", ({ record }) => readNamespaces(record).Cgroup],
    ["IPC", ({ record }) => readNamespaces(record).Ipc],
    ["MNT", ({ record }) => readNamespaces(record).Mnt],
    ["NET", ({ record }) => readNamespaces(record).Net],
    ["PIDNS", ({ record }) => readNamespaces(record).Pidns],
    ["USERNS", ({ record }) => readNamespaces(record).User],
    ["UTS", ({ record }) => readNamespaces(record).Uts],
  ];
}
