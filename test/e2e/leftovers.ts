import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isRunning, namespaceRecord } from "./namespace-record.ts";

/** What tells a test's processes from everybody else's: its home directory, and the user namespaces that were made for it. */
export interface LeftoverScope {
  readonly home: string;
  /** Grows as namespaces are seen: a pause process that is killed takes its record with it, but not always its namespace. */
  readonly namespaces: Set<string>;
}

export interface Leftovers {
  readonly processes: readonly { readonly pid: number; readonly command: string }[];
  readonly mounts: readonly string[];
  readonly folders: readonly string[];
}

const containerId = /[0-9a-f]{64}/;

/** Waits a few seconds for clean-up in the background, then fails if anything of a container is still there. */
export async function waitUntilNothingLeft(scope: LeftoverScope, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const { processes, mounts, folders } = findLeftovers(scope);
    if (processes.length + mounts.length + folders.length === 0) return;
    if (Date.now() > deadline) {
      const lines = [
        ...processes.map(({ pid, command }) => `process ${pid} in ${waitsIn(pid)}: ${command}`),
        ...mounts,
        ...folders,
      ];
      throw new Error(`left over:\n${lines.join("\n")}`);
    }
    await delay(100);
  }
}

/** Remembers the user namespace that the pause process holds now. */
export function noteNamespace({ home, namespaces }: LeftoverScope): void {
  const record = namespaceRecord(home);
  const namespace = record && isRunning(record) ? userNamespace(record.pid) : undefined;
  if (namespace !== undefined && namespace !== userNamespace(process.pid)) namespaces.add(namespace);
}

/** What belongs to containers of this user now: processes but the pause process, mounts in its namespace, folders. */
export function findLeftovers(scope: LeftoverScope): Leftovers {
  noteNamespace(scope);
  const record = namespaceRecord(scope.home);
  const pause = record && isRunning(record) ? record.pid : undefined;
  return {
    processes: leftProcesses(scope, pause),
    mounts: pause === undefined ? [] : leftMounts(scope, pause, record?.runFolder ?? scope.home),
    folders: leftFolders([join(scope.home, ".local/share/dhow"), ...(record ? [record.runFolder] : [])]),
  };
}

function leftProcesses(scope: LeftoverScope, pause: number | undefined): { pid: number; command: string }[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 1 && pid !== pause && pid !== process.pid)
    .flatMap((pid) => {
      const command = commandLine(pid);
      return command !== undefined && belongsTo(scope, pid, command) ? [{ pid, command }] : [];
    });
}

/** Container processes are known by their namespace; monitors, networks and commands also by what they were started with. */
function belongsTo({ home, namespaces }: LeftoverScope, pid: number, command: string): boolean {
  const namespace = userNamespace(pid);
  if (namespace !== undefined && namespaces.has(namespace)) return true;
  return command.includes(home) || readLines(`/proc/${pid}/environ`).join("\n").split("\0").includes(`HOME=${home}`);
}

function leftMounts({ home }: LeftoverScope, pause: number, runFolder: string): string[] {
  return readLines(`/proc/${pause}/mountinfo`)
    .map((line) => line.split(" ")[4] ?? "")
    .filter((target) => containerId.test(target) && (target.startsWith(home) || target.startsWith(runFolder)))
    .map((target) => `mount ${target}`);
}

/** The folders of containers. */
function leftFolders(roots: readonly string[]): string[] {
  return roots
    .map((root) => join(root, "containers"))
    .flatMap((folder) =>
      listFolder(folder)
        .filter((name) => containerId.test(name))
        .map((name) => `folder ${folder}/${name}`),
    );
}

function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch {
    return [];
  }
}

/** The kernel function in which a process waits: often tells what for. */
function waitsIn(pid: number): string {
  return readLines(`/proc/${pid}/wchan`)[0] ?? "";
}

function userNamespace(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/user`);
  } catch {
    return undefined;
  }
}

/** Undefined for a process that has ended, be it a zombie. */
function commandLine(pid: number): string | undefined {
  const text = readLines(`/proc/${pid}/cmdline`).join("\n").replaceAll("\0", " ").trim();
  return text === "" ? undefined : text;
}
