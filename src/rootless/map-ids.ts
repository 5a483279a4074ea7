import { writeFileSync } from "node:fs";
import { DhowError } from "../errors.ts";
import { findProgram, tryRun } from "../system/process.ts";
import type { IdMap, IdMapping } from "./id-map.ts";

/**
 * Gives a process's new user namespace its id map: written directly where the kernel lets us (root; or only our own
 * ids), else by newuidmap and newgidmap.
 * @throws {DhowError} `permission-denied` if the map is refused.
 */
export function writeIdMap(pid: number, { uids, gids }: IdMap): void {
  if (uids.length === 1 && gids.length === 1) {
    writeOwnId(pid, { uids, gids });
  } else if (process.geteuid?.() !== 0 || !tryWriteDirectly(pid, { uids, gids })) {
    runMapper("newuidmap", pid, uids);
    runMapper("newgidmap", pid, gids);
  }
}

function writeOwnId(pid: number, { uids, gids }: IdMap): void {
  // The kernel wants this first from a user without privileges.
  writeFileSync(`/proc/${pid}/setgroups`, "deny");
  writeFileSync(`/proc/${pid}/uid_map`, formatMappings(uids));
  writeFileSync(`/proc/${pid}/gid_map`, formatMappings(gids));
}

function tryWriteDirectly(pid: number, { uids, gids }: IdMap): boolean {
  try {
    writeFileSync(`/proc/${pid}/gid_map`, formatMappings(gids));
    writeFileSync(`/proc/${pid}/uid_map`, formatMappings(uids));
    return true;
  } catch {
    return false;
  }
}

function formatMappings(mappings: readonly IdMapping[]): string {
  return mappings.map(({ containerId, hostId, size }) => `${containerId} ${hostId} ${size}\n`).join("");
}

function runMapper(name: "newuidmap" | "newgidmap", pid: number, mappings: readonly IdMapping[]): void {
  const program = findProgram(name) ?? name;
  const numbers = mappings.flatMap(({ containerId, hostId, size }) => [containerId, hostId, size].map(String));
  const { exitCode, stderr } = tryRun([program, String(pid), ...numbers]);
  if (exitCode === 0) return;
  const file = name === "newuidmap" ? "/etc/subuid" : "/etc/subgid";
  throw new DhowError(`cannot map the ids of ${file} into a user namespace`, {
    kind: "permission-denied",
    cause: new Error(stderr.trim().split("\n").at(-1) || `${name}: exit status ${exitCode}`),
    hint: `check that ${program} is setuid root (or has file capabilities) and that your ranges in ${file} do not overlap; 'dhow doctor' does`,
  });
}
