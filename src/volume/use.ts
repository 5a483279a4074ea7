import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync, renameSync, type Stats } from "node:fs";
import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { isMountPoint, unmountAll } from "../storage/mounts.ts";
import { newTemporaryPath, removeTree } from "../storage/temporary.ts";
import type { VolumeMount, VolumeRecord } from "../storage/volumes.ts";
import { bootId } from "../system/clock.ts";
import { tryRun } from "../system/process.ts";
import { extractInto, packTree } from "./tar.ts";

type VolumeEngine = Pick<Engine, "volumes" | "paths">;

/** Where and by whom a volume is about to be used. */
export interface VolumeUse {
  /** The place in the container's root filesystem, as a path of the host with no link in it; it need not exist. */
  readonly place: string;
  readonly uid: number;
  readonly gid: number;
  readonly mayCopy: boolean;
  /** Whether other containers use it now. */
  readonly isShared: boolean;
}

/**
 * Makes a volume ready for a container: mounts it if it is one that has to be mounted, and fills it, the first time, with
 * what the image has at its place. Only an empty volume is filled. Can be cut off at any moment and done again.
 * @returns Where its data is on the host.
 * @throws {DhowError} `unavailable` if it cannot be mounted or filled.
 */
export async function prepareVolume(engine: VolumeEngine, name: string, use: VolumeUse): Promise<string> {
  const { volumes } = engine;
  return volumes.withLock(name, async () => {
    const volume = volumes.get(name);
    const data = mountIfNeeded(engine, volume);
    if (!volume.needsCopyUp && !volume.needsChown) return data;
    // A folder of the host's is not ours to change.
    const isForeign = volume.mount !== undefined && volume.mount.type !== "tmpfs";
    const stats = lstatIfExists(use.place);
    const isFilled = volume.needsCopyUp && use.mayCopy && (await fill(engine, volume, use));
    if (isFilled) volumes.update(name, { needsCopyUp: false });
    if (volume.needsChown && !isForeign) giveOwner(engine, volume, { use, stats, isFilled });
    return data;
  });
}

/** Mounts a volume for `volume mount`, until {@link unmountVolume}. @returns Where its data is. */
export async function mountVolume(engine: VolumeEngine, nameOrPrefix: string): Promise<string> {
  const { name } = engine.volumes.get(nameOrPrefix);
  return engine.volumes.withLock(name, () => {
    const data = mountIfNeeded(engine, engine.volumes.get(name));
    engine.volumes.update(name, { mountedIn: bootId() });
    return data;
  });
}

/** Ends what {@link mountVolume} began. @param isUsed Whether containers use the volume now. @returns Its name. */
export async function unmountVolume(
  { volumes }: VolumeEngine,
  nameOrPrefix: string,
  isUsed: (name: string) => boolean,
): Promise<string> {
  const { name } = volumes.get(nameOrPrefix);
  return volumes.withLock(name, () => {
    volumes.update(name, { mountedIn: undefined });
    if (!isUsed(name)) unmountAll(volumes.dataDirectory(name));
    return name;
  });
}

/** Unmounts a volume that a container has used, if nobody else does. */
export async function releaseVolume(
  { volumes }: Pick<Engine, "volumes">,
  name: string,
  isUsed: (name: string) => boolean,
): Promise<void> {
  if (volumes.find(name)?.mount === undefined) return;
  await volumes.withLock(name, () => {
    const volume = volumes.find(name);
    if (volume?.mount && volume.mountedIn !== bootId() && !isUsed(name)) unmountAll(volumes.dataDirectory(name));
  });
}

function mountIfNeeded({ volumes }: VolumeEngine, volume: VolumeRecord): string {
  const data = volumes.dataDirectory(volume.name);
  // A removal that was cut off may have taken it.
  if (!existsSync(data)) mkdirSync(data, { recursive: true, mode: 0o755 });
  if (volume.mount && !isMountPoint(data)) mount(volume.name, volume.mount, data);
  return data;
}

function mount(name: string, { type, device, options }: VolumeMount, target: string): void {
  const { exitCode, stderr } = tryRun([
    "mount",
    ...(type === undefined ? [] : ["-t", type]),
    ...(options.length === 0 ? [] : ["-o", options.join(",")]),
    ...["--source", device, "--target", target],
  ]);
  if (exitCode === 0) return;
  throw new DhowError(
    `mounting volume ${name}: ${stderr.trim().split("\n").at(-1) || `mount: exit status ${exitCode}`}`,
    {
      kind: "unavailable",
      hint: "in a user namespace only a few file systems can be mounted: tmpfs, overlay, fuse, and folders (o=bind)",
    },
  );
}

function lstatIfExists(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** @returns Whether it holds a copy now. */
async function fill(engine: VolumeEngine, { name, mount }: VolumeRecord, use: VolumeUse): Promise<boolean> {
  const data = engine.volumes.dataDirectory(name);
  if (!lstatIfExists(use.place)?.isDirectory()) return false;
  if (readdirSync(use.place).length === 0 || readdirSync(data).length > 0) return false;
  if (mount || use.isShared) {
    // Others see it grow, and could put links in the way: what writes sees nothing but the volume.
    await extractInto(engine.paths.data, data, packTree(use.place));
    return true;
  }
  const copy = `${engine.volumes.directory(name)}/_copy`;
  removeTree(copy);
  mkdirSync(copy, { mode: 0o755 });
  const { exitCode, stderr } = tryRun(["cp", "-a", "--reflink=auto", "--", `${use.place}/.`, copy]);
  if (exitCode !== 0) {
    throw new DhowError(`copying up to volume ${name}: ${stderr.trim().split("\n").at(-1)}`, { kind: "unavailable" });
  }
  const empty = newTemporaryPath(engine.paths.data);
  renameSync(data, empty);
  renameSync(copy, data);
  removeTree(empty);
  return true;
}

interface Ownership {
  readonly use: VolumeUse;
  readonly stats: Stats | undefined;
  readonly isFilled: boolean;
}

/**
 * An empty volume looks as the directory that it hides; where the image has none, it belongs to the container's user.
 * That ends when the volume is filled, has got files, or belongs to root.
 */
function giveOwner({ volumes }: VolumeEngine, { name }: VolumeRecord, { use, stats, isFilled }: Ownership): void {
  const data = volumes.dataDirectory(name);
  if (!isFilled && readdirSync(data).length > 0) {
    volumes.update(name, { needsChown: false });
    return;
  }
  const { uid, gid } = stats ?? use;
  chownSync(data, uid, gid);
  if (stats?.isDirectory()) chmodSync(data, stats.mode & 0o7777);
  if (isFilled || (stats && uid === 0 && gid === 0)) volumes.update(name, { needsChown: false });
}
