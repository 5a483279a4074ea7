import { tryRun } from "../system/process.ts";
import { type CgroupProbes, hasUserSystemd, machineProbes } from "./cgroup.ts";

/** Moving a process takes systemd some milliseconds; one that does not answer is not waited for. */
const timeoutMs = 3000;

/**
 * Moves the pause process out of the login session into a scope of the user's services, so that systemd's KillUserProcesses
 * does not end it with the session. Where there is no systemd, or it refuses, the process stays where it is.
 */
export function moveToScope(pid: number): void {
  const command = scopeCommand(pid);
  if (!command) return;
  try {
    tryRun(command, { timeoutMs });
  } catch {
    // There is no busctl.
  }
}

/** @returns Undefined where there is nothing to move it to, or no need. */
export function scopeCommand(pid: number, probes: CgroupProbes = machineProbes()): [string, ...string[]] | undefined {
  const isService = (probes.read("/proc/self/cgroup") ?? "").includes(`/user@${probes.uid}.service/`);
  if (isService || !hasUserSystemd(probes)) return undefined;
  return [
    ...(["busctl", "--user", "--quiet", "call"] as const),
    ...["org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"],
    ...["StartTransientUnit", "ssa(sv)a(sa(sv))", `dhow-pause-${pid}.scope`, "fail"],
    ...["2", "PIDs", "au", "1", String(pid), "CollectMode", "s", "inactive-or-failed"],
    "0",
  ];
}
