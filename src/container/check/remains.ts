import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Engine } from "../../engine.ts";
import { listMountsUnder } from "../../storage/mounts.ts";
import { identifyProcess, type ProcessIdentity } from "../../system/clock.ts";
import { isGone } from "../end.ts";
import { isLive } from "../state.ts";

/** What is on the machine of a container that does not run. */
export interface Remains {
  /** Id of the container, which may have no record any more. */
  readonly id: string;
  readonly mounts: readonly string[];
  readonly processes: readonly ProcessIdentity[];
  readonly hasRunFolder: boolean;
}

type RemainsEngine = Pick<Engine, "containers" | "paths">;

/**
 * Finds run folders, mounts and processes of containers that do not run. The machine is looked at before the records: what
 * is started meanwhile is recorded as running.
 */
export function findRemains(engine: RemainsEngine): Remains[] {
  const { paths } = engine;
  const found = new Map<string, { mounts: string[]; processes: ProcessIdentity[]; hasRunFolder: boolean }>();
  const of = (id: string) => {
    const entry = found.get(id) ?? { mounts: [], processes: [], hasRunFolder: false };
    found.set(id, entry);
    return entry;
  };
  for (const id of listNames(`${paths.run}/containers`)) of(id).hasRunFolder = true;
  for (const folder of [`${paths.run}/containers`, `${paths.data}/containers`]) {
    for (const mount of listMountsUnder(folder)) {
      const id = mount.slice(folder.length + 1).split("/", 1)[0];
      if (id !== undefined) of(id).mounts.push(mount);
    }
  }
  for (const { id, process } of findProcesses(engine)) of(id).processes.push(process);
  return [...found].filter(([id]) => isIdle(engine, id)).map(([id, entry]) => ({ id, ...entry }));
}

/** Whether no process may belong to the container now. Mounted by `mount`, its folder in the data folder is in use as well. */
export function isIdle({ containers }: Pick<Engine, "containers">, id: string): boolean {
  if (!/^[0-9a-f]{64}$/.test(id)) return false;
  const record = containers.find(id);
  return !record || !isLive(record.state) || isGone(record);
}

/** Processes of containers and of their monitors, timers and networks, by what they were started with or have mounted. */
function findProcesses({ paths }: RemainsEngine): { id: string; process: ProcessIdentity }[] {
  const runFolder = `${paths.run}/containers/`;
  const dataFolder = `${paths.data}/containers/`;
  const own = linkOf("self", "user");
  return listNames("/proc").flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid || linkOf(pid, "user") !== own) return [];
    const id =
      idIn(readText(`/proc/${pid}/cmdline`), runFolder) ??
      (linkOf(pid, "mnt") === linkOf("self", "mnt")
        ? undefined
        : idIn(readText(`/proc/${pid}/mountinfo`).split("\n", 1)[0] ?? "", dataFolder));
    const identity = id === undefined ? undefined : identifyProcess(pid);
    return id !== undefined && identity ? [{ id, process: identity }] : [];
  });
}

function idIn(text: string, folder: string): string | undefined {
  const at = text.indexOf(folder);
  return at < 0 ? undefined : /^[0-9a-f]{64}/.exec(text.slice(at + folder.length))?.[0];
}

function linkOf(pid: number | "self", namespace: "user" | "mnt"): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/${namespace}`);
  } catch {
    return undefined;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function listNames(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
