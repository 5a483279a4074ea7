import { closeSync, fstatSync, mkdirSync, readdirSync, rmdirSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import type { Engine } from "../engine.ts";
import { DhowError, errnoOf } from "../errors.ts";
import type { MountConfig } from "../model/container-config.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { isMountPoint, unmountAll } from "../storage/mounts.ts";
import { mountOverlay } from "../storage/overlay-mount.ts";
import type { IdShift } from "../storage/rootfs.ts";
import { removeTree } from "../storage/temporary.ts";
import { libc, SystemCallError } from "../system/libc.ts";
import { runProgram, tryRun } from "../system/process.ts";
import { prepareVolume, releaseVolume } from "../volume/use.ts";
import { needsPreparation, volumesOf } from "./prepared-mounts.ts";
import { driverFor } from "./shifting-driver.ts";
import { resolveInRoot } from "./spec/rootfs-path.ts";
import type { ResolvedUser } from "./spec/user.ts";
import { idShiftOf } from "./user-ids.ts";
import { isVolumeUsed } from "./volume-users.ts";

export type MountEngine = Pick<Engine, "containers" | "volumes" | "paths" | "images" | "layers" | "rootfs">;

export interface MountPlace {
  /** Where the container's root filesystem is mounted. */
  readonly rootfs: string;
  readonly user: Pick<ResolvedUser, "uid" | "gid">;
}

/** Host paths of what is mounted into a container, by destination. */
export type MountSources = ReadonlyMap<string, string>;

/**
 * Makes ready what the user has mounted into a container: volumes, images, overlays, owners. The root filesystem is mounted
 * already, and no process of the container runs.
 * @throws {DhowError} `not-found` for a volume or a part of one that is not there; `unavailable` if a mount fails.
 */
export async function prepareUserMounts(
  engine: MountEngine,
  record: Pick<ContainerRecord, "id" | "config">,
  place: MountPlace,
): Promise<MountSources> {
  const sources = new Map<string, string>();
  for (const [index, mount] of record.config.mounts.entries()) {
    if (!needsPreparation(mount)) continue;
    const points = mountPoints(engine, record.id, index);
    const base = await findBase(engine, record, { mount, place, points });
    const part = mount.subpath === undefined ? base : bindPart(base, mount.subpath, points.part);
    const shown = mount.overlay ? overlayOn(engine, part, { mount, points }) : part;
    if (mount.chown) chownTree(shown, place.user);
    sources.set(mount.destination, shown);
  }
  return sources;
}

/** Unmounts what {@link prepareUserMounts} has mounted. Idempotent. */
export async function releaseUserMounts(
  engine: Pick<MountEngine, "containers" | "volumes" | "paths">,
  { id, config }: Pick<ContainerRecord, "id" | "config">,
): Promise<void> {
  const folder = mountFolder(engine, id);
  for (const name of namesIn(folder)) removeMountPoint(`${folder}/${name}`);
  attempt(() => rmdirSync(folder));
  removeTree(upperFolder(engine, id));
  for (const name of volumesOf(config)) {
    await releaseVolume(engine, name, (volume) => isVolumeUsed(engine, volume, id));
  }
}

/** Where things are mounted for one mount of a container. */
interface MountPoints {
  readonly image: string;
  readonly part: string;
  readonly overlay: string;
  /** For what is written to an overlay or an image. */
  readonly upper: string;
}

/** Outside of the container's run folder, which is removed with all that is in it. */
function mountFolder({ paths }: Pick<Engine, "paths">, id: string): string {
  return `${paths.run}/mounts/${id}`;
}

function upperFolder({ containers }: Pick<Engine, "containers">, id: string): string {
  return `${containers.directory(id)}/mounts`;
}

function mountPoints(engine: Pick<Engine, "containers" | "paths">, id: string, index: number): MountPoints {
  const folder = mountFolder(engine, id);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const upper = `${upperFolder(engine, id)}/${index}`;
  return {
    image: `${folder}/${index}-image`,
    part: `${folder}/${index}-part`,
    overlay: `${folder}/${index}-overlay`,
    upper,
  };
}

interface Preparation {
  readonly mount: MountConfig;
  readonly points: MountPoints;
}

async function findBase(
  engine: MountEngine,
  { id, config }: Pick<ContainerRecord, "id" | "config">,
  { mount, place, points }: Preparation & { readonly place: MountPlace },
): Promise<string> {
  const { type, source = "" } = mount;
  if (type === "image") return mountImage(engine, { mount, points }, idShiftOf(config));
  if (type !== "volume") return source;
  return prepareVolume(engine, source, {
    place: resolveInRoot(place.rootfs, mount.destination),
    ...{ uid: place.user.uid, gid: place.user.gid },
    mayCopy: mount.noCopy !== true && mount.subpath === undefined,
    isShared: isVolumeUsed(engine, source, id),
  });
}

function mountImage(engine: MountEngine, { mount, points }: Preparation, shift: IdShift | undefined): string {
  const { imageId = "", source, options } = mount;
  const image = engine.images.find(imageId);
  if (!image) throw new DhowError(`${source}: image not known`, { kind: "not-found" });
  const layers = image.topLayer === undefined ? [] : engine.layers.chain(image.topLayer);
  mkdirSync(points.upper, { recursive: true, mode: 0o700 });
  const { commands, cwd } = driverFor(engine, shift).prepare({
    layers: layers.map((layer) => engine.layers.diffPath(layer)),
    containerDirectory: points.upper,
    target: points.image,
    readOnly: !options.includes("rw"),
    volatile: true,
    shift,
  });
  for (const command of commands) runProgram(command, { cwd });
  return points.image;
}

const bindRecursively = 4096 | 16384;

/** Binds a part of a folder. Links in it are followed as if the folder were the root: they cannot lead out of it. */
function bindPart(base: string, part: string, target: string): string {
  let fd: number;
  try {
    fd = libc().openInRoot(base, part);
  } catch (cause) {
    if (!(cause instanceof SystemCallError)) throw cause;
    throw new DhowError(`cannot mount ${JSON.stringify(part)} of ${base}: there is no such file or directory`, {
      kind: "not-found",
      cause,
    });
  }
  try {
    if (fstatSync(fd).isDirectory()) mkdirSync(target, { recursive: true, mode: 0o700 });
    else writeFileSync(target, "", { mode: 0o600 });
    libc().mount({ source: `/proc/self/fd/${fd}`, target, type: "none", flags: bindRecursively, data: "" });
    return target;
  } finally {
    closeSync(fd);
  }
}

function overlayOn(engine: MountEngine, lower: string, { mount, points }: Preparation): string {
  if (!statSync(lower).isDirectory()) {
    throw new DhowError(`cannot put an overlay on ${mount.source}: it is not a directory`, {
      kind: "invalid-argument",
    });
  }
  const { upper = `${points.upper}/upper`, work = `${points.upper}/work` } = mount.overlay ?? {};
  if (mount.overlay?.upper === undefined) {
    for (const folder of [upper, work]) {
      removeTree(folder);
      mkdirSync(folder, { recursive: true, mode: 0o755 });
    }
  }
  mkdirSync(points.overlay, { recursive: true, mode: 0o700 });
  mountOverlay(engine.rootfs.name, { lower, upper, work, target: points.overlay });
  return points.overlay;
}

/** As podman's: nothing is changed below a folder that belongs to the user already. */
function chownTree(path: string, { uid, gid }: MountPlace["user"]): void {
  const stats = statSync(path);
  if (stats.uid === uid && stats.gid === gid) return;
  const { exitCode, stderr } = tryRun(["chown", "-R", "-h", "--", `${uid}:${gid}`, path]);
  if (exitCode === 0) return;
  throw new DhowError(`cannot change the owner of ${path}: ${stderr.trim().split("\n").at(-1)}`, {
    kind: "permission-denied",
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Never recursively: if it is still mounted, what is removed would be somebody's. */
function removeMountPoint(path: string): void {
  unmountAll(path);
  if (isMountPoint(path)) return;
  attempt(() => (statSync(path).isDirectory() ? rmdirSync(path) : unlinkSync(path)));
}

function attempt(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}
