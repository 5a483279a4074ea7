import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { type Exit, readExit } from "../runtime/exit.ts";
import { runFiles } from "../runtime/files.ts";
import { findLeftovers } from "../runtime/launch.ts";
import { unmountSharedMemory } from "../runtime/shared-memory.ts";
import type { ContainerChange, ContainerRecord, ContainerState } from "../storage/containers.ts";
import { removeTree } from "../storage/temporary.ts";
import { removeAllMounts, userMount } from "../storage/user-mounts.ts";
import { bootId, childrenOf, isAlive, type ProcessIdentity } from "../system/clock.ts";
import { sendSignal } from "../system/signals.ts";
import { removeCgroup } from "./cgroups.ts";
import { needsPreparation } from "./prepared-mounts.ts";
import { reachableRootfs, removeReachable } from "./reachable-rootfs.ts";
import { recordEvent } from "./record-event.ts";
import { hasEnded, isLive, isStarting } from "./state.ts";

/** The exit code of a container whose end nobody saw. */
const unknownExitCode = -1;
const killWaitMs = 5000;
const scriptWaitMs = 2000;
/** How long an exit code is kept for those who wait, at the least. */
const exitCodeLifeMs = 300_000;

export type LifecycleEngine = Pick<
  Engine,
  "containers" | "pods" | "volumes" | "networks" | "locks" | "events" | "globals" | "rootfs" | "paths" | "warn"
>;

/**
 * Whether a container that is recorded as live has in truth no process any more, or belongs to an earlier boot.
 * Cheap: a running one costs one read of /proc.
 */
export function isGone(record: ContainerRecord): boolean {
  if (!isLive(record.state)) return false;
  if (record.bootId !== bootId()) return true;
  // While it is being started, `monitor` names the dhow that does so.
  const witness = isStarting(record.state) ? (record.init ?? record.monitor) : record.init;
  return witness === undefined || !isAlive(witness);
}

/**
 * Whether a --rm container is to be removed now: it has ended, or its start was cut off.
 * @param before Its state when it was found without processes.
 */
export function isDueForRemoval(before: ContainerState, { state, config }: ContainerRecord): boolean {
  return config.autoRemove && (hasEnded(state) || isStarting(before));
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
  if (record.config.autoRemove) keepExitCode(engine, id, exit?.code ?? seen.exitCode);
  await takeDown(engine, record);
  recordDeath(engine, record, { exit, seen });
  const ended: ContainerChange =
    isStarting(record.state) && !exit
      ? { state: record.startedAt ? "exited" : "created", error: "its start was interrupted" }
      : {
          state: "exited",
          exitCode: exit?.code ?? seen.exitCode ?? unknownExitCode,
          finishedAt: exit?.at ?? new Date(),
          error: "",
          oomKilled: exit?.outOfMemory ?? false,
        };
  return engine.containers.update(id, {
    ...ended,
    init: undefined,
    monitor: undefined,
    networkState: undefined,
  });
}

/** Notes how a container ended and that it was taken down. A start that was cut off is no end. */
function recordDeath(
  engine: LifecycleEngine,
  record: ContainerRecord,
  { exit, seen }: { readonly exit: Exit | undefined; readonly seen: { readonly exitCode?: number } },
): void {
  if (exit || !isStarting(record.state)) {
    const exitCode = exit?.code ?? seen.exitCode ?? unknownExitCode;
    recordEvent(engine, record, "died", { exitCode, ...(exit?.outOfMemory && { outOfMemory: true }) });
  }
  recordEvent(engine, record, "cleanup");
}

/** Unmounts a container's root filesystem, takes its network down and empties its run folder. Idempotent. */
export async function takeDown(engine: LifecycleEngine, record: ContainerRecord): Promise<void> {
  const runDirectory = engine.containers.runDirectory(record.id);
  if (record.networkState !== undefined) {
    await (await import("./networks/release.ts")).releaseContainerNetwork(engine, record);
  }
  removeCgroup(engine, record);
  const reachable = reachableRootfs(record.id, record.config);
  if (reachable !== undefined) removeReachable(reachable);
  engine.rootfs.unmount(runFiles(runDirectory).rootfs);
  if (record.config.ipcShareable) unmountSharedMemory(runDirectory);
  if (record.config.mounts.some(needsPreparation)) {
    await (await import("./user-mounts.ts")).releaseUserMounts(engine, record);
  }
  if (record.config.rootfs) forgetRootfs(engine, record);
  rmSync(runDirectory, { recursive: true, force: true });
}

/** What is in an overlay on --rootfs goes; the folder below it is the user's, and must not be taken for the container's. */
function forgetRootfs({ containers, rootfs }: LifecycleEngine, { id, config }: ContainerRecord): void {
  const { rootfs: target } = runFiles(containers.runDirectory(id));
  if (rootfs.isMounted(target)) {
    throw new DhowError(`cannot unmount the root filesystem of container ${id}`, { kind: "unavailable" });
  }
  if (!config.rootfs?.overlay) return;
  for (const name of ["diff", "work"]) removeTree(`${containers.directory(id)}/${name}`);
}

/**
 * What is due when a container has ended that no restart policy starts again: with --rm it is removed, else its end is
 * recorded. The caller holds its lock.
 *
 * @returns The record, if there still is one.
 */
export async function settleEnd(
  engine: LifecycleEngine,
  record: ContainerRecord,
  seen: { readonly exitCode?: number } = {},
): Promise<ContainerRecord | undefined> {
  if (!record.config.autoRemove || isStarting(record.state)) return recordEnd(engine, record, seen);
  // Until it is gone it is recorded as running, with a process that is dead: whoever finds it so goes on here.
  const exit = readExit(engine.containers.runDirectory(record.id));
  keepExitCode(engine, record.id, exit?.code ?? seen.exitCode);
  await takeDown(engine, record);
  recordDeath(engine, record, { exit, seen });
  await removeVolumes(engine, record);
  removeFiles(engine, record);
  recordEvent(engine, record, "remove");
  return undefined;
}

/**
 * Removes a container that has no processes. The caller holds its lock.
 * @param withVolumes Whether the volumes that were made with it go as well; with --rm they always do.
 */
export async function removeRecorded(
  engine: LifecycleEngine,
  record: ContainerRecord,
  { withVolumes }: { readonly withVolumes: boolean } = { withVolumes: record.config.autoRemove },
): Promise<void> {
  engine.containers.update(record.id, { state: "removing" });
  await takeDown(engine, record);
  if (withVolumes) await removeVolumes(engine, record);
  removeFiles(engine, record);
  recordEvent(engine, record, "remove");
}

async function removeVolumes(engine: LifecycleEngine, { id, config }: ContainerRecord): Promise<void> {
  const own = config.mounts.flatMap(({ anonymous, source }) => (anonymous && source !== undefined ? [source] : []));
  if (own.length > 0) await (await import("../volume/remove.ts")).removeOwnVolumes(engine, id, own);
}

/** Everything that is on disk, and then the record. */
function removeFiles({ containers, paths }: LifecycleEngine, { id, config }: ContainerRecord): void {
  const mounted = userMount(paths.run, "containers", id);
  if (existsSync(mounted.folder)) removeAllMounts(mounted);
  containers.remove(id);
  if (config.cidFile !== undefined) removeIdFile(config.cidFile, id);
}

/** Unless it holds the id of another container by now. */
function removeIdFile(path: string, id: string): void {
  try {
    if (readFileSync(path, "utf8").trim() === id) rmSync(path);
  } catch {
    // It is gone, or out of reach: the user's own file.
  }
}

/**
 * Keeps the exit code for those who wait for a container that is about to be removed. A file for each, in the run folder;
 * old ones go when new ones come.
 */
function keepExitCode(engine: Pick<Engine, "paths">, id: string, code: number = unknownExitCode): void {
  const folder = exitFolder(engine);
  const write = () => writeFileSync(`${folder}/${id}`, String(code), { mode: 0o600 });
  try {
    write();
  } catch {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    write();
  }
  if (Math.random() < 1 / 16) forgetOldExitCodes(folder);
}

function forgetOldExitCodes(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = `${folder}/${name}`;
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat && Date.now() - stat.mtimeMs > exitCodeLifeMs) rmSync(path, { force: true });
  }
}

export function exitFolder({ paths }: Pick<Engine, "paths">): string {
  return `${paths.run}/exits`;
}

/** A start that was cut off may have left a container that was created but will never be started. */
async function killLeftovers(runDirectory: string): Promise<void> {
  const { script } = findLeftovers(runDirectory);
  if (script && !(await endsWithin(script, scriptWaitMs))) {
    sendSignal(script.pid, "SIGKILL");
    await endsWithin(script, killWaitMs);
  }
  for (const deadline = Date.now() + killWaitMs; Date.now() < deadline; await pause()) {
    const { init, monitor } = findLeftovers(runDirectory);
    if (!init && !monitor) return;
    // Known only when the runtime has created it.
    if (init) sendSignal(init.pid, "SIGKILL");
  }
  const { monitor } = findLeftovers(runDirectory);
  // It waits for a runtime that is stuck.
  if (monitor) for (const pid of [...childrenOf(monitor.pid), monitor.pid]) sendSignal(pid, "SIGKILL");
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

async function endsWithin(process: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const end = Date.now() + timeoutMs;
  while (isAlive(process)) {
    if (Date.now() >= end) return false;
    await pause();
  }
  return true;
}
