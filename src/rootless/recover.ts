import { readdirSync, readFileSync, statSync } from "node:fs";
import { identifyProcess } from "../system/clock.ts";
import { userNamespaceOf } from "./record.ts";

/** A living process of a container, whose namespaces can be entered. */
export interface Survivor {
  readonly pid: number;
  readonly userNamespace: string;
  /** `monitor`: it is in the user's mount namespace too. `container`: only its user namespace is the user's. */
  readonly kind: "monitor" | "container";
}

export interface SurvivorQuery {
  readonly runDirectory: string;
  /** The user namespace of the last record; without it only monitors are believed, and only of another namespace than ours. */
  readonly known: string | undefined;
}

/** Finds a process that keeps the user's namespaces alive: a monitor, else a container's own process. */
export function findSurvivor({ runDirectory, known }: SurvivorQuery): Survivor | undefined {
  const folders = listFolders(`${runDirectory}/containers`);
  return (
    firstLiving(folders, { file: "conmon.pid", kind: "monitor", known }) ??
    (known === undefined ? undefined : firstLiving(folders, { file: "pidfile", kind: "container", known }))
  );
}

interface Search {
  readonly file: string;
  readonly kind: Survivor["kind"];
  readonly known: string | undefined;
}

function firstLiving(folders: readonly string[], { file, kind, known }: Search): Survivor | undefined {
  for (const folder of folders) {
    const pid = readPidFile(`${folder}/${file}`);
    if (pid === undefined || (kind === "monitor" && commandName(pid) !== "conmon")) continue;
    const userNamespace = userNamespaceOf(pid);
    if (userNamespace === undefined) continue;
    const isOurs = known === undefined ? userNamespace !== userNamespaceOf("self") : userNamespace === known;
    if (isOurs) return { pid, userNamespace, kind };
  }
  return undefined;
}

/**
 * The pid in a file, if its process lives. One that started after the file was written has only inherited the number.
 */
export function readPidFile(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, "latin1"));
    const process = Number.isInteger(pid) && pid > 1 ? identifyProcess(pid) : undefined;
    if (!process) return undefined;
    const startedMs = bootTimeMs() + Number(process.startTime) * (1000 / ticksPerSecond);
    return startedMs <= statSync(path).mtimeMs + slackMs ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** What the kernel counts in for user space, on every architecture. */
const ticksPerSecond = 100;
/** The kernel tells the time of boot in whole seconds. */
const slackMs = 2000;

function bootTimeMs(): number {
  return Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "latin1"))?.[1] ?? 0) * 1000;
}

function commandName(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "latin1").trim();
  } catch {
    return "";
  }
}

function listFolders(path: string): string[] {
  try {
    return readdirSync(path).map((name) => `${path}/${name}`);
  } catch {
    return [];
  }
}
