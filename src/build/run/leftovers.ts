import { existsSync } from "node:fs";
import type { Engine } from "../../engine.ts";
import { networkState } from "../../network/helper-files.ts";
import { releaseNetwork } from "../../network/release.ts";
import { chooseCgroupManager } from "../../rootless/cgroup.ts";
import { runtimeArguments } from "../../runtime/conmon.ts";
import { runFiles } from "../../runtime/files.ts";
import { findRuntimeTools } from "../../runtime/tools.ts";
import { listMountsUnder, unmountAll } from "../../storage/mounts.ts";
import { isOwnerAlive } from "../../storage/owner.ts";
import { readdirOrEmpty, removeAbandoned, removeTree } from "../../storage/temporary.ts";
import { bootId } from "../../system/clock.ts";
import { tryRun } from "../../system/process.ts";

/** Bundles of steps that run; their names say which process they belong to, as those in DATA/tmp. */
export function buildRunFolder({ paths }: Pick<Engine, "paths">): string {
  return `${paths.run}/builds`;
}

/**
 * Takes down what builds have left that were killed together with the scripts of their steps: containers, networks, mounts,
 * temporary files.
 */
export function sweepLeftovers(engine: Pick<Engine, "paths" | "globals">): void {
  const folder = buildRunFolder(engine);
  for (const name of readdirOrEmpty(folder)) {
    const [, pid, startTime = ""] = name.split(".");
    if (!isOwnerAlive({ bootId: bootId(), pid: Number(pid), startTime })) sweep(engine, `${folder}/${name}`);
  }
  removeAbandoned(engine.paths.data);
}

function sweep({ globals }: Pick<Engine, "globals">, runDirectory: string): void {
  const { runtimeRoot } = runFiles(runDirectory);
  const ids = readdirOrEmpty(runtimeRoot).filter((name) => /^[0-9a-f]{64}$/.test(name));
  if (ids.length > 0) {
    const { manager } = chooseCgroupManager(globals.cgroupManager);
    const tools = findRuntimeTools({ ...globals, cgroupManager: manager });
    for (const id of ids)
      tryRun([tools.runtime, ...runtimeArguments({ tools, runDirectory }), "delete", "--force", id]);
  }
  if (existsSync(networkState("pasta", runDirectory).netns)) releaseNetwork(networkState("pasta", runDirectory));
  for (const mount of listMountsUnder(runDirectory)) unmountAll(mount);
  removeTree(runDirectory);
}
