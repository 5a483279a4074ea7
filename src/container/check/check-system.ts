import { existsSync, mkdirSync } from "node:fs";
import type { Engine } from "../../engine.ts";
import { checkStore, forgetLayers, type StoreFaults } from "../../storage/check-store.ts";
import type { ContainerRecord } from "../../storage/containers.ts";
import { collectGarbage, type GarbageParts } from "../../storage/garbage.ts";
import { unmountAll } from "../../storage/mounts.ts";
import { removeTree } from "../../storage/temporary.ts";
import { isAlive } from "../../system/clock.ts";
import { sendSignal } from "../../system/signals.ts";
import { hasTimer } from "../health/state.ts";
import { findHealthTimer, startHealthTimer } from "../health/timer.ts";
import { needsRepair, refreshContainers } from "../refresh.ts";
import { removeContainer } from "../remove.ts";
import { isLive, isPaused } from "../state.ts";
import { checkPods } from "./check-pods.ts";
import type { Fault } from "./fault.ts";
import { findRemains, isIdle, type Remains } from "./remains.ts";

export interface CheckOptions {
  /** Leaves out what reads all content. */
  readonly quick: boolean;
  readonly repair: boolean;
  /** Removes damaged containers, and containers that need damaged images, with these images. */
  readonly force: boolean;
  /** Layers that nothing needs are a fault when they are older than that. */
  readonly maxAgeMs: number;
}

/** Finds, and on demand heals, what killed processes, a full disk or a broken file system have left behind. */
export async function checkSystem(engine: Engine, options: CheckOptions): Promise<Fault[]> {
  const heals = options.repair || options.force;
  const records = engine.containers.list();
  const stale = records.filter((record) => needsRepair(engine, record));
  if (heals) await refreshContainers(engine, records);
  return [
    ...(await checkPods(engine, heals)),
    ...stale.map((record) => ({ ...staleFault(record), repaired: heals ? "settled" : undefined })),
    // What stale records have left is taken away when they are settled.
    ...(await checkRemains(engine, heals, new Set(heals ? [] : stale.map(({ id }) => id)))),
    ...(await checkContainers(engine, options)),
    ...checkTimers(engine, heals),
    ...(await checkImages(engine, options)),
  ];
}

function staleFault({ name, state, config }: ContainerRecord): Omit<Fault, "repaired"> {
  const text = isLive(state)
    ? `is recorded as ${state}, but its processes are gone`
    : config.autoRemove
      ? "has ended and was to be removed"
      : "was being removed";
  return { object: `container ${name}`, text };
}

async function checkRemains(engine: Engine, heals: boolean, passedOver: ReadonlySet<string>): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const remains of findRemains(engine)) {
    const { id, mounts, processes, hasRunFolder } = remains;
    if (passedOver.has(id)) continue;
    const parts = [
      ...processes.map(({ pid }) => `process ${pid}`),
      ...mounts.map((path) => `mount ${path}`),
      ...(hasRunFolder ? ["its run folder"] : []),
    ];
    const healed = heals && (await engine.containers.withLock(id, () => removeRemains(engine, remains)));
    const text = `does not run, but has left: ${parts.join(", ")}`;
    faults.push({ object: `container ${id.slice(0, 12)}`, text, repaired: healed ? "removed" : undefined });
  }
  return faults;
}

const killWaitMs = 5000;

/** The caller holds the container's lock. */
async function removeRemains(engine: Engine, { id, mounts, processes, hasRunFolder }: Remains): Promise<boolean> {
  if (!isIdle(engine, id)) return false;
  for (const process of processes) if (isAlive(process)) sendSignal(process.pid, "SIGKILL");
  for (const deadline = Date.now() + killWaitMs; processes.some(isAlive) && Date.now() < deadline; ) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  for (const mount of mounts) unmountAll(mount);
  if (hasRunFolder) removeTree(engine.containers.runDirectory(id));
  return true;
}

async function checkContainers(engine: Engine, options: CheckOptions): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const record of engine.containers.list()) {
    const fault = await checkContainer(engine, record, options);
    if (fault) faults.push(fault);
  }
  return faults;
}

async function checkContainer(
  engine: Engine,
  { id, name, config }: ContainerRecord,
  { repair, force }: CheckOptions,
): Promise<Fault | undefined> {
  const object = `container ${name}`;
  if (config.imageId !== "" && !engine.images.find(config.imageId)) {
    if (force) await removeContainer(engine, id, { force: true });
    return { object, text: `its image ${config.imageName} is not stored`, repaired: force ? "removed" : undefined };
  }
  const folder = engine.containers.directory(id);
  if (existsSync(folder)) return undefined;
  const heals = repair || force;
  if (heals) mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    object,
    text: "its folder is gone, with all that it had written",
    repaired: heals ? "made anew, empty" : undefined,
  };
}

const timerStartMs = 3000;

/** Whether a timer should run for the container's health check by now. */
function isWatched(engine: Engine, { id, state, config, startedAt }: ContainerRecord): boolean {
  const { health } = config;
  const isSettled = startedAt !== undefined && Date.now() - startedAt.getTime() > timerStartMs;
  return (
    health !== undefined && hasTimer(health) && isSettled && isLive(state) && !isPaused(state) && !isIdle(engine, id)
  );
}

/** Running containers that nobody checks any more. */
function checkTimers(engine: Engine, heals: boolean): Fault[] {
  return engine.containers.list().flatMap((record) => {
    const { id, name } = record;
    if (!isWatched(engine, record) || findHealthTimer(engine, id) !== undefined) return [];
    if (heals) startHealthTimer(engine, id);
    return [
      {
        object: `container ${name}`,
        text: "the timer of its health check is gone",
        repaired: heals ? "started" : undefined,
      },
    ];
  });
}

async function checkImages(engine: Engine, options: CheckOptions): Promise<Fault[]> {
  const parts = storeParts(engine);
  const found = checkStore(parts, options);
  const heals = options.repair || options.force;
  if (heals) {
    for (const digest of found.corruptBlobs) engine.blobs.remove(digest);
    forgetLayers(parts, found.lostLayers);
  }
  const images: Fault[] = [];
  for (const { id, reason } of found.images) {
    const repaired = heals && (await removeDamagedImage(engine, id, options)) ? "removed" : undefined;
    images.push({ object: `image ${id.slice(0, 12)}`, text: reason, repaired });
  }
  if (heals) {
    for (const { name } of found.artifacts) engine.artifacts.remove(name);
    collectGarbage(parts);
  }
  return [...plainFaults(found, heals), ...images];
}

function plainFaults(
  { database, corruptBlobs, lostLayers, strayFolders, idleLayers, artifacts }: StoreFaults,
  heals: boolean,
): Fault[] {
  const fault = (object: string, text: string, deed: string): Fault => ({
    object,
    text,
    repaired: heals ? deed : undefined,
  });
  return [
    ...database.map((text) => ({ object: "database", text, repaired: undefined })),
    ...corruptBlobs.map((digest) => fault(`blob ${digest}`, "does not hold what its name says", "removed")),
    ...lostLayers.map((chain) => fault(`layer ${chain}`, "its folder is gone", "forgotten: it is unpacked again")),
    ...idleLayers.map((chain) => fault(`layer ${chain}`, "belongs to no image", "removed")),
    ...artifacts.map(({ name, reason }) => fault(`artifact ${name}`, reason, "removed")),
    ...strayFolders.map((path) => fault(`folder ${path}`, "belongs to nothing", "removed")),
  ];
}

/** @returns False if containers use it and are not to be removed. */
async function removeDamagedImage(engine: Engine, id: string, { force }: CheckOptions): Promise<boolean> {
  const users = engine.containers.list().filter(({ config }) => config.imageId === id);
  if (users.length > 0 && !force) return false;
  for (const user of users) await removeContainer(engine, user.id, { force: true });
  engine.images.remove(id);
  return true;
}

function storeParts({ paths, database, leases, blobs, layers }: Engine): GarbageParts {
  return { dataDirectory: paths.data, database, leases, blobs, layers };
}
