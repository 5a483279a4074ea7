import { readFileSync } from "node:fs";
import { uptime } from "node:os";
import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import { type IdMapping, readIdMap } from "../../rootless/id-map.ts";
import type { ContainerRecord } from "../../storage/containers.ts";
import { readLastCapability } from "../spec/host-facts.ts";
import { readInRoot } from "../spec/rootfs-path.ts";
import { getSettled } from "../start.ts";
import { isRunning } from "../state.ts";
import { type Descriptor, findDescriptor, type ProcessContext, usualDescriptors } from "./descriptors.ts";
import { runHostPs } from "./host-ps.ts";
import { listProcesses } from "./list.ts";

/** A table whose first row is its headings, or the lines of ps as it printed them. */
export type ProcessTable =
  | { readonly kind: "table"; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: "text"; readonly text: string };

/**
 * What runs in a container.
 * @param columns Podman's descriptors, or the arguments of ps(1) if there is one among them that podman does not know.
 * @throws {DhowError} `not-found`; `conflict` if it does not run; what ps says.
 */
export async function showProcesses(
  engine: Engine,
  nameOrId: string,
  columns: readonly string[],
): Promise<ProcessTable> {
  const { id } = engine.containers.get(nameOrId);
  const record = await engine.containers.withLock(id, () => getSettled(engine, id));
  if (!isRunning(record.state) || !record.init) {
    throw new DhowError("top can only be used on running containers", { kind: "conflict" });
  }
  const descriptors = descriptorsOf(columns);
  if (!descriptors.every((one) => one !== undefined)) {
    return { kind: "text", text: await runHostPs(record.init.pid, columns) };
  }
  return { kind: "table", rows: fillTable(record, descriptors) };
}

/** The headings of a table of podman's descriptors. */
export function processHeadings(columns: readonly string[]): string[] {
  return descriptorsOf(columns).flatMap((one) => (one ? [one.heading] : []));
}

function descriptorsOf(columns: readonly string[]): (Descriptor | undefined)[] {
  const names = columns.length === 0 ? usualDescriptors : columns.flatMap(splitNames);
  return names.map(findDescriptor);
}

/** `pid,args`, but not what ps takes as one argument: `-eo pid,args`. */
function splitNames(text: string): string[] {
  return text.startsWith("-") ? [text] : text.split(",");
}

function fillTable({ init }: ContainerRecord, descriptors: readonly Descriptor[]): string[][] {
  const pid = init?.pid ?? 0;
  const context = readContext(pid);
  const rows = listProcesses(pid).map((one) => descriptors.map(({ value }) => value(one, context)));
  return [descriptors.map(({ heading }) => heading), ...rows];
}

function readContext(pid: number): ProcessContext {
  const root = `/proc/${pid}/root`;
  const limit = 4 << 20;
  const { uids, gids } = readIdMap();
  return {
    users: readNames(readInRoot(root, "/etc/passwd", limit)),
    groups: readNames(readInRoot(root, "/etc/group", limit)),
    hostUsers: readNames(readFile("/etc/passwd")),
    hostGroups: readNames(readFile("/etc/group")),
    toHostUser: (id) => toHost(uids, id),
    toHostGroup: (id) => toHost(gids, id),
    lastCapability: readLastCapability(),
    uptime: uptime(),
  };
}

function toHost(mappings: readonly IdMapping[], id: number): number {
  const mapping = mappings.find(({ containerId, size }) => id >= containerId && id < containerId + size);
  return mapping ? mapping.hostId + id - mapping.containerId : id;
}

/** Names by number, of a user or group database. The first name of a number counts. */
function readNames(text = ""): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split("\n")) {
    const [name, , id] = line.split(":");
    if (name && id && /^\d+$/.test(id) && !names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}

function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
