import { readdirSync, readFileSync, statSync } from "node:fs";
import { capabilityNames } from "../capabilities.ts";
import { goDuration } from "./go-duration.ts";
import type { ContainerProcess } from "./list.ts";

/** What the columns of `top` need besides the process itself. */
export interface ProcessContext {
  /** Names by number, of the container's user database and of the host's. */
  readonly users: ReadonlyMap<number, string>;
  readonly groups: ReadonlyMap<number, string>;
  readonly hostUsers: ReadonlyMap<number, string>;
  readonly hostGroups: ReadonlyMap<number, string>;
  /** The number on the host of one in the user namespace. */
  toHostUser(id: number): number;
  toHostGroup(id: number): number;
  readonly lastCapability: number;
  /** Seconds since the machine was started. */
  readonly uptime: number;
}

export interface Descriptor {
  readonly heading: string;
  value(process: ContainerProcess, context: ProcessContext): string;
}

/** ps's unit of times, and its page size. */
const ticksPerSecond = 100;
const pageBytes = 4096;

/** The columns that podman's `top` knows, by their names; ps's AIX codes beside them. */
const table: Readonly<Record<string, Descriptor & { readonly code?: string }>> = {
  args: { code: "%a", heading: "COMMAND", value: commandLine },
  capamb: { heading: "AMBIENT CAPS", value: capabilities("CapAmb") },
  capbnd: { heading: "BOUNDING CAPS", value: capabilities("CapBnd") },
  capeff: { heading: "EFFECTIVE CAPS", value: capabilities("CapEff") },
  capinh: { heading: "INHERITED CAPS", value: capabilities("CapInh") },
  capprm: { heading: "PERMITTED CAPS", value: capabilities("CapPrm") },
  comm: { code: "%c", heading: "COMMAND", value: ({ name }) => name },
  etime: { code: "%t", heading: "ELAPSED", value: (one, { uptime }) => goDuration(elapsed(one, uptime)) },
  group: { code: "%G", heading: "GROUP", value: (one, { groups }) => nameOf(groups, idOf(one, "Gid", 1)) },
  groups: {
    heading: "GROUPS",
    value: (one, { groups }) =>
      listed(one)
        .map((id) => nameOf(groups, id))
        .join(","),
  },
  hgroup: {
    heading: "HGROUP",
    value: (one, { hostGroups, toHostGroup }) => nameOf(hostGroups, toHostGroup(idOf(one, "Gid", 1))),
  },
  hgroups: {
    heading: "HGROUPS",
    value: (one, { hostGroups, toHostGroup }) =>
      listed(one)
        .map((id) => nameOf(hostGroups, toHostGroup(id)))
        .join(","),
  },
  hpid: { heading: "HPID", value: ({ hostPid }) => String(hostPid) },
  huser: {
    heading: "HUSER",
    value: (one, { hostUsers, toHostUser }) => nameOf(hostUsers, toHostUser(idOf(one, "Uid", 1))),
  },
  label: { heading: "LABEL", value: ({ hostPid }) => readText(`/proc/${hostPid}/attr/current`) || "?" },
  nice: { code: "%n", heading: "NI", value: ({ stat }) => stat[16] ?? "" },
  pcpu: { code: "%C", heading: "%CPU", value: (one, { uptime }) => cpuShare(one, uptime) },
  pgid: { code: "%r", heading: "PGID", value: ({ groupId }) => String(groupId) },
  pid: { code: "%p", heading: "PID", value: ({ pid }) => String(pid) },
  ppid: { code: "%P", heading: "PPID", value: ({ parentPid }) => String(parentPid) },
  rgroup: { code: "%g", heading: "RGROUP", value: (one, { groups }) => nameOf(groups, idOf(one, "Gid", 0)) },
  rss: { heading: "RSS", value: ({ stat }) => String((Number(stat[21]) * pageBytes) / 1024) },
  ruser: { code: "%u", heading: "RUSER", value: (one, { users }) => nameOf(users, idOf(one, "Uid", 0)) },
  seccomp: { heading: "SECCOMP", value: (one) => seccompModes[Number(one.status("Seccomp"))] ?? "?" },
  state: { heading: "STATE", value: ({ stat }) => stat[0] ?? "" },
  stime: { heading: "STIME", value: (one, { uptime }) => startTime(one, uptime) },
  time: { code: "%x", heading: "TIME", value: (one) => goDuration(cpuSeconds(one)) },
  tty: { code: "%y", heading: "TTY", value: ({ stat }) => terminalName(Number(stat[4])) },
  user: { code: "%U", heading: "USER", value: (one, { users }) => nameOf(users, idOf(one, "Uid", 1)) },
  vsz: { code: "%z", heading: "VSZ", value: ({ stat }) => String(Math.floor(Number(stat[20]) / 1024)) },
};

/** What `top` shows when nothing is asked for. */
export const usualDescriptors = ["user", "pid", "ppid", "pcpu", "etime", "tty", "time", "args"];

/** A column by its name or code; undefined for what podman's `top` does not know. */
export function findDescriptor(name: string): Descriptor | undefined {
  if (name.startsWith("%")) return Object.values(table).find(({ code }) => code === name);
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

const seccompModes = ["disabled", "strict", "filter"];

function idOf(process: ContainerProcess, heading: "Uid" | "Gid", position: 0 | 1): number {
  return Number(process.status(heading).split(/\s+/)[position]);
}

function listed(process: ContainerProcess): number[] {
  return process.status("Groups").split(/\s+/).filter(Boolean).map(Number);
}

function nameOf(names: ReadonlyMap<number, string>, id: number): string {
  return names.get(id) ?? String(id);
}

function commandLine({ hostPid, name }: ContainerProcess): string {
  const words = readText(`/proc/${hostPid}/cmdline`).split("\0").filter(Boolean);
  return words.length > 0 ? words.join(" ") : `[${name}]`;
}

function capabilities(heading: string): Descriptor["value"] {
  return (process, { lastCapability }) => {
    const mask = BigInt(`0x${process.status(heading) || "0"}`);
    if (mask === 0n) return "none";
    if (mask === (1n << BigInt(lastCapability + 1)) - 1n) return "full";
    return capabilityNames
      .filter((_, number) => (mask >> BigInt(number)) & 1n)
      .map((name) => name.replace("CAP_", ""))
      .join(",");
  };
}

function elapsed({ stat }: ContainerProcess, uptime: number): number {
  return Math.max(uptime - Number(stat[19]) / ticksPerSecond, 0);
}

function cpuSeconds({ stat }: ContainerProcess): number {
  return (Number(stat[11]) + Number(stat[12])) / ticksPerSecond;
}

function cpuShare(process: ContainerProcess, uptime: number): string {
  const seconds = elapsed(process, uptime);
  return (seconds > 0 ? (100 * cpuSeconds(process)) / seconds : 0).toFixed(3);
}

function startTime(process: ContainerProcess, uptime: number): string {
  const date = new Date(Date.now() - elapsed(process, uptime) * 1000);
  return `${date.toISOString().slice(0, 19).replace("T", " ")} +0000 UTC`;
}

/** `pts/0`; `?` for none, or one that this machine does not name. */
function terminalName(device: number): string {
  if (device === 0) return "?";
  const [major, minor] = [(device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xfff00)];
  // The majors of Unix98 pseudo-terminals.
  if (major >= 136 && major <= 143) return `pts/${minor + (major - 136) * 256}`;
  try {
    const found = readdirSync("/dev").find(
      (name) => name.startsWith("tty") && statSync(`/dev/${name}`).rdev === device,
    );
    return found ?? "?";
  } catch {
    return "?";
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8").replace(/\n$/, "");
  } catch {
    return "";
  }
}
