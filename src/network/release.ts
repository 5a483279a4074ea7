import { readFileSync, rmSync } from "node:fs";
import { identifyProcess } from "../system/clock.ts";
import { tryRun } from "../system/process.ts";
import { sendSignal } from "../system/signals.ts";
import type { NetworkState } from "./network.ts";

/**
 * Takes down the network of a container: ends its helper and gives the namespace back. Idempotent; a network that was
 * only begun, or that is gone already, is fine.
 *
 * @param state What the plan said, as read from the container's record.
 */
export function releaseNetwork(state: unknown): void {
  if (!isNetworkState(state)) return;
  const { netns, pidFile } = state;
  const helper = findHelper(state);
  if (helper !== undefined) sendSignal(helper, "SIGTERM");
  if (isMounted(netns)) tryRun(["umount", "-l", netns]);
  rmSync(netns, { force: true });
  rmSync(pidFile, { force: true });
}

function isNetworkState(state: unknown): state is NetworkState {
  return typeof state === "object" && state !== null && "netns" in state && "pidFile" in state;
}

/** The helper of this very network: the pid could belong to another process by now, but not with our path as argument. */
function findHelper({ netns, pidFile }: NetworkState): number | undefined {
  const pid = Number(readText(pidFile).trim());
  if (!Number.isInteger(pid) || pid <= 1 || identifyProcess(pid) === undefined) return undefined;
  return readText(`/proc/${pid}/cmdline`).split("\0").includes(netns) ? pid : undefined;
}

function isMounted(path: string): boolean {
  return readText("/proc/self/mountinfo").includes(` ${path.replaceAll(" ", "\\040")} `);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
