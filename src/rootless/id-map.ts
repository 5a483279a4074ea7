import { readFileSync } from "node:fs";
import type { SubordinateRange } from "./subordinate-ids.ts";

/** A stretch of ids: `size` ids from `containerId` on are `hostId` and following outside of the namespace. */
export interface IdMapping {
  readonly containerId: number;
  readonly hostId: number;
  readonly size: number;
}

export interface IdMap {
  readonly uids: readonly IdMapping[];
  readonly gids: readonly IdMapping[];
}

/** The id map of the user namespace that a process is in, as seen from the namespace around it. */
export function readIdMap(pid: number | "self" = "self"): IdMap {
  return { uids: readMapFile(`/proc/${pid}/uid_map`), gids: readMapFile(`/proc/${pid}/gid_map`) };
}

function readMapFile(path: string): IdMapping[] {
  return parseIdMap(readFileSync(path, "latin1"));
}

/** Reads the text of /proc/PID/uid_map or gid_map. */
export function parseIdMap(text: string): IdMapping[] {
  return text
    .trimEnd()
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [containerId = 0, hostId = 0, size = 0] = line.trim().split(/\s+/).map(Number);
      return { containerId, hostId, size };
    });
}

/** How many ids are mapped. */
export function countIds(mappings: readonly IdMapping[]): number {
  return mappings.reduce((sum, { size }) => sum + size, 0);
}

/** Whether an id inside of the namespace stands for one outside. */
export function isMapped(mappings: readonly IdMapping[], containerId: number): boolean {
  return mappings.some(
    (mapping) => containerId >= mapping.containerId && containerId < mapping.containerId + mapping.size,
  );
}

/** The map of a new namespace: 0 is the user, 1 and following are the subordinate ranges, one behind the other. */
export function layOutIds(ownId: number, ranges: readonly SubordinateRange[]): IdMapping[] {
  const mappings: IdMapping[] = [{ containerId: 0, hostId: ownId, size: 1 }];
  let next = 1;
  for (const { start, size } of ranges) {
    mappings.push({ containerId: next, hostId: start, size });
    next += size;
  }
  return mappings;
}
