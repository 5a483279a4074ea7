import { mkdirSync, renameSync, rmSync } from "node:fs";
import type { Engine } from "../engine.ts";
import { readExit } from "../runtime/exit.ts";
import { runFiles } from "../runtime/files.ts";
import { findLeftovers } from "../runtime/launch.ts";
import type { ContainerChange, ContainerRecord } from "../storage/containers.ts";
import { bootId, isAlive } from "../system/clock.ts";
import { sendSignal } from "../system/signals.ts";
import { isLive, isStarting } from "./state.ts";

/** The exit code of a container whose end nobody saw. */
const unknownExitCode = 255;
const killWaitMs = 5000;

export type LifecycleEngine = Pick<Engine, "containers" | "rootfs" | "paths">;

/**
 * Whether a container that is recorded as live has in truth no process any more, or belongs to an earlier boot.
 * Cheap: a running one costs one read of /proc.
 */
export function isGone(record: ContainerRecord): boolean {
  if (!isLive(record.state)) return false;
  if (record.bootId !== bootId()) return true;
  // While it is being started, `monitor` names the dhow that does so.
  const witness = isStarting(record.state) ? record.monitor : record.init;
  return witness === undefined || !isAlive(witness);
}

/**
 * Takes down what a container that has ended leaves behind (mounts, network, run folder) and records how it ended.
 * Idempotent. The caller holds the container's lock.
 *
 * @param seen What the caller knows about the end, if the monitor left no word.
 */
export async function recordEnd(
  engine: LifecycleEngine,
  record: ContainerRecord,
  seen: { readonly exitCode?: number } = {},
): Promise<ContainerRecord> {
  const { id } = record;
  const runDirectory = engine.containers.runDirectory(id);
  if (isStarting(record.state) && record.bootId === bootId()) await killLeftovers(runDirectory);
  const exit = readExit(runDirectory);
  await takeDown(engine, record);
  const ended: ContainerChange =
    isStarting(record.state) && !exit
      ? { state: record.startedAt ? "exited" : "created", error: "its start was interrupted" }
      : {
          state: "exited",
          exitCode: exit?.code ?? seen.exitCode ?? unknownExitCode,
          finishedAt: exit?.at ?? new Date(),
          error: "",
        };
  return engine.containers.update(id, {
    ...ended,
    init: undefined,
    monitor: undefined,
    networkState: undefined,
  });
}

/** Unmounts a container's root filesystem, takes its network down and empties its run folder. Idempotent. */
export async function takeDown(engine: LifecycleEngine, record: ContainerRecord): Promise<void> {
  const runDirectory = engine.containers.runDirectory(record.id);
  if (record.networkState !== undefined && record.bootId === bootId()) {
    const { releaseNetwork } = await import("../network/release.ts");
    releaseNetwork(record.networkState);
  }
  engine.rootfs.unmount(runFiles(runDirectory).rootfs);
  rmSync(runDirectory, { recursive: true, force: true });
}

/** Removes a container that has no processes. The caller holds its lock. */
export async function removeRecorded(engine: LifecycleEngine, record: ContainerRecord): Promise<void> {
  if (record.config.autoRemove) keepExitCode(engine, record.id);
  engine.containers.update(record.id, { state: "removing" });
  await takeDown(engine, record);
  engine.containers.remove(record.id);
}

/**
 * Keeps the exit code for those who wait for a container that is about to be removed. A file for each, in the run folder;
 * old ones go when new ones come.
 */
function keepExitCode(engine: Pick<Engine, "containers" | "paths">, id: string): void {
  const folder = exitFolder(engine);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    renameSync(runFiles(engine.containers.runDirectory(id)).exitFile, `${folder}/${id}`);
  } catch {
    // It never ran, or somebody else has done it.
  }
}

export function exitFolder({ paths }: Pick<Engine, "paths">): string {
  return `${paths.run}/exits`;
}

/** A start that was cut off may have left a container that was created but will never be started. */
async function killLeftovers(runDirectory: string): Promise<void> {
  const { init, monitor } = findLeftovers(runDirectory);
  if (init) sendSignal(init.pid, "SIGKILL");
  const end = Date.now() + killWaitMs;
  const left = [init, monitor].filter((process) => process !== undefined);
  while (left.some(isAlive) && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
}
