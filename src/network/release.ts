import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { tryRun } from "../system/process.ts";
import { sendSignal } from "../system/signals.ts";
import { findHelper } from "./helper-process.ts";
import { isMounted } from "./mounted.ts";
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
  // A file that the user has named is the user's.
  if (dirname(pidFile) === dirname(netns)) rmSync(pidFile, { force: true });
}

function isNetworkState(state: unknown): state is NetworkState {
  return typeof state === "object" && state !== null && "netns" in state && "pidFile" in state;
}
