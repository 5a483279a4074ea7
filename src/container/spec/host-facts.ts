import { existsSync, readFileSync } from "node:fs";
import { hostPlatform } from "../../oci/platform.ts";
import { type IdMap, parseIdMap } from "../../rootless/id-map.ts";

/** What a container's spec depends on besides what was asked for. */
export interface HostFacts {
  /** By Go's name: `amd64`. */
  readonly architecture: string;
  /** The kernel's highest capability number. */
  readonly lastCapability: number;
  /** How many group ids the user namespace maps, counted from 0 without a hole. */
  readonly mappedGroups: number;
  /** The same of user ids; 1 for somebody without a subordinate range. */
  readonly mappedUsers: number;
  /** The id map of the user namespace. */
  readonly ids: IdMap;
  /** Limits of this process by lower-case name, as `nofile`; -1 is unlimited. */
  readonly limits: Readonly<Record<string, { readonly soft: number; readonly hard: number }>>;
  readonly hasMqueue: boolean;
  /** Whether the host itself has /dev/mqueue, for --ipc host. */
  readonly showsMqueue: boolean;
  readonly oomScoreAdj: number;
}

/** Reads the facts of this process and its user namespace from /proc. */
export function readHostFacts(): HostFacts {
  const [users, groups] = [read("/proc/self/uid_map"), read("/proc/self/gid_map")];
  return {
    architecture: hostPlatform().architecture,
    lastCapability: readLastCapability(),
    mappedGroups: countMapped(groups),
    mappedUsers: countMapped(users),
    ids: { uids: parseIdMap(users), gids: parseIdMap(groups) },
    limits: parseLimits(read("/proc/self/limits")),
    hasMqueue: /\tmqueue$/m.test(read("/proc/filesystems")),
    showsMqueue: existsSync("/dev/mqueue"),
    oomScoreAdj: Number(read("/proc/self/oom_score_adj")) || 0,
  };
}

/** The highest capability number that the kernel knows. */
export function readLastCapability(): number {
  return Number(read("/proc/sys/kernel/cap_last_cap")) || 40;
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** Size of the ids 0..n-1 that an id map covers. */
export function countMapped(map: string): number {
  const ranges = map
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter((fields) => fields.length === 3)
    .sort(([a = 0], [b = 0]) => a - b);
  let end = 0;
  for (const [inside = 0, , size = 0] of ranges) {
    if (inside === end) end += size;
  }
  return end;
}

/** Names of /proc/PID/limits and of `--ulimit`. */
const limitNames: Readonly<Record<string, string>> = {
  "Max cpu time": "cpu",
  "Max file size": "fsize",
  "Max data size": "data",
  "Max stack size": "stack",
  "Max core file size": "core",
  "Max resident set": "rss",
  "Max processes": "nproc",
  "Max open files": "nofile",
  "Max locked memory": "memlock",
  "Max file locks": "locks",
  "Max pending signals": "sigpending",
  "Max msgqueue size": "msgqueue",
  "Max nice priority": "nice",
  "Max realtime priority": "rtprio",
  "Max realtime timeout": "rttime",
};

/** Reads /proc/PID/limits. */
export function parseLimits(text: string): HostFacts["limits"] {
  const limits: Record<string, { soft: number; hard: number }> = {};
  const toNumber = (value: string) => (value === "unlimited" ? -1 : Number(value));
  for (const line of text.split("\n")) {
    const match = /^(Max [a-z ]+?) {2,}(\d+|unlimited) +(\d+|unlimited)/.exec(line);
    const [, title = "", soft = "", hard = ""] = match ?? [];
    const name = limitNames[title];
    if (name !== undefined) limits[name] = { soft: toNumber(soft), hard: toNumber(hard) };
  }
  return limits;
}
