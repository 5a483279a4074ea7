import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process of a container, as the host's /proc shows it. */
export interface ContainerProcess {
  readonly hostPid: number;
  /** Seen from inside; 0 for a parent that is outside. */
  readonly pid: number;
  readonly parentPid: number;
  readonly groupId: number;
  /** The fields of /proc/PID/stat behind the name. */
  readonly stat: readonly string[];
  readonly name: string;
  /** A line of /proc/PID/status, without its heading. */
  status(heading: string): string;
}

/**
 * The processes in the pid namespace of a container's first process and in those below it. What ends meanwhile is left out.
 * Without a pid namespace of its own that is every process that this user may look into.
 */
export function listProcesses(initPid: number): ContainerProcess[] {
  const own = pidNamespace(initPid);
  const all = pidsOnHost()
    .map(readProcess)
    .filter((one) => one !== undefined);
  const found = new Map(all.filter(({ hostPid }) => pidNamespace(hostPid) === own).map((one) => [one.hostPid, one]));
  const depth = found.get(initPid)?.chain.length ?? 0;
  // A namespace below: its first process has its parent in ours.
  for (let grew = true; grew; ) {
    grew = false;
    for (const one of all) {
      if (found.has(one.hostPid) || one.chain.length <= depth || !found.has(one.hostParent)) continue;
      found.set(one.hostPid, one);
      grew = true;
    }
  }
  const inside = (one: HostProcess | undefined) => one?.chain[depth - 1] ?? 0;
  return [...found.values()]
    .sort((a, b) => inside(a) - inside(b))
    .map((one) => ({
      ...one,
      pid: inside(one),
      parentPid: inside(found.get(one.hostParent)),
      groupId: one.groups[depth - 1] ?? 0,
    }));
}

interface HostProcess extends Pick<ContainerProcess, "hostPid" | "stat" | "name" | "status"> {
  readonly hostParent: number;
  /** Its pid in each pid namespace that it is in, from ours inwards; and the same of its process group. */
  readonly chain: readonly number[];
  readonly groups: readonly number[];
}

function pidsOnHost(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function readProcess(hostPid: number): HostProcess | undefined {
  let stat: string;
  let text: string;
  try {
    stat = readFileSync(`/proc/${hostPid}/stat`, "utf8");
    text = readFileSync(`/proc/${hostPid}/status`, "utf8");
  } catch {
    return undefined;
  }
  const fields = stat
    .slice(stat.lastIndexOf(")") + 2)
    .trimEnd()
    .split(" ");
  const status = (heading: string) => new RegExp(`^${heading}:\\t*(.*)$`, "m").exec(text)?.[1]?.trim() ?? "";
  const numbers = (heading: string) => status(heading).split(/\s+/).filter(Boolean).map(Number);
  return {
    ...{ hostPid, stat: fields, status, hostParent: Number(fields[1]) },
    name: stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")")),
    chain: numbers("NSpid"),
    groups: numbers("NSpgid"),
  };
}

function pidNamespace(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}
