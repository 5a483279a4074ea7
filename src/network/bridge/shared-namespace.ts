import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { runProgram, tryRun } from "../../system/process.ts";
import { sendSignal } from "../../system/signals.ts";
import { explainFailure } from "../explain.ts";
import { networkFiles } from "../helper-files.ts";
import { findHelper } from "../helper-process.ts";
import { isMounted } from "../mounted.ts";
import { chooseUplink } from "../uplink.ts";

/** Files of the namespace that all bridges of the user are in. */
export function sharedFiles(directory: string) {
  const { netns, pidFile } = networkFiles(directory);
  return { netns, pidFile, dns: `${directory}/dns`, netavark: `${directory}/netavark` };
}

/**
 * Makes the namespace of the bridges and connects it with the world, or what is missing of that. Idempotent; the caller
 * holds the lock of the networks.
 * @param needsUplink False if all networks are internal.
 * @throws {DhowError} `unavailable`.
 */
export function ensureSharedNamespace(directory: string, needsUplink: boolean): void {
  const { netns, pidFile, netavark } = sharedFiles(directory);
  mkdirSync(netavark, { recursive: true, mode: 0o700 });
  if (!isMounted(netns)) {
    writeFileSync(netns, "", { mode: 0o600 });
    runProgram(["unshare", `--net=${netns}`, "sh", "-c", prepareScript]);
  }
  if (!needsUplink || findHelper({ netns, pidFile }) !== undefined) return;
  const { command, name } = chooseUplink(directory);
  const result = tryRun(command);
  if (result.exitCode !== 0) throw explainFailure(name, `${result.stdout}\n${result.stderr}`, []);
}

/** Resolvers may listen on addresses of bridges that are still to be made. */
const prepareScript = "for v in 4 6; do echo 1 >/proc/sys/net/ipv$v/ip_nonlocal_bind; done 2>/dev/null; true";

/** Ends what is in the namespace and gives it back. Idempotent; the caller holds the lock of the networks. */
export function removeSharedNamespace(directory: string): void {
  const { netns, pidFile } = sharedFiles(directory);
  const uplink = findHelper({ netns, pidFile });
  if (uplink !== undefined) sendSignal(uplink, "SIGTERM");
  if (isMounted(netns)) tryRun(["umount", "-l", netns]);
  rmSync(directory, { recursive: true, force: true });
}

/** Whether the namespace exists. */
export function hasSharedNamespace(directory: string): boolean {
  return isMounted(sharedFiles(directory).netns);
}
