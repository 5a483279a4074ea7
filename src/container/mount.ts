import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { runFiles } from "../runtime/files.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { addMount, bindMount, removeAllMounts, removeMount, userMount } from "../storage/user-mounts.ts";
import { runProgram } from "../system/process.ts";
import { ensureBaseLayers, planRootfs } from "./base-layers.ts";
import { imageOf } from "./image-of.ts";
import { recordEvent } from "./record-event.ts";
import { getSettled } from "./start.ts";
import { isLive } from "./state.ts";

/**
 * Mounts a container's root filesystem for the user; the container may run, or be started later. It stays until it is unmounted as
 * often as it was mounted, or until the container is removed.
 * @returns Where it is, in the user's namespaces.
 * @throws {DhowError} `not-found`.
 */
export async function mountContainer(engine: Engine, nameOrId: string): Promise<string> {
  const { id } = engine.containers.get(nameOrId);
  return engine.containers.withLock(id, async () => {
    const record = await getSettled(engine, id);
    if (!record.config.rootfs) imageOf(engine, record.config);
    await ensureBaseLayers(engine, record.config);
    const mount = userMount(engine.paths.run, "containers", id);
    addMount(mount, () => {
      const running = runningRootfs(engine, record);
      if (running !== undefined) return bindMount(running, mount.target);
      const plan = planRootfs(engine, record, { target: mount.target });
      for (const command of plan.commands) runProgram(command, { cwd: plan.cwd });
    });
    recordEvent(engine, record, "mount");
    return mount.target;
  });
}

/** Where the root filesystem of a container that runs is mounted. */
function runningRootfs(
  { containers, rootfs }: Pick<Engine, "containers" | "rootfs">,
  { id, state }: Pick<ContainerRecord, "id" | "state">,
): string | undefined {
  const path = runFiles(containers.runDirectory(id)).rootfs;
  return isLive(state) && rootfs.isMounted(path) ? path : undefined;
}

/** Where a container is mounted, for the user or because it runs; undefined if it is not. */
export function findMount(
  engine: Pick<Engine, "containers" | "paths" | "rootfs">,
  record: Pick<ContainerRecord, "id" | "state">,
): string | undefined {
  const { target } = userMount(engine.paths.run, "containers", record.id);
  return engine.rootfs.isMounted(target) ? target : runningRootfs(engine, record);
}

/** Whether it is mounted for the user. */
export function isMountedForUser({ paths, rootfs }: Pick<Engine, "paths" | "rootfs">, id: string): boolean {
  return rootfs.isMounted(userMount(paths.run, "containers", id).target);
}

/**
 * Takes back one mount of a container, or all of them by force, even while somebody works in it. A running container does
 * not notice.
 * @throws {DhowError} `not-found`: no such container, or not mounted; `conflict` if it is in use.
 */
export async function unmountContainer(
  engine: Engine,
  nameOrId: string,
  { force }: { readonly force: boolean },
): Promise<void> {
  const record = engine.containers.get(nameOrId);
  await engine.containers.withLock(record.id, async () => {
    const mount = userMount(engine.paths.run, "containers", record.id);
    try {
      if (force) removeAllMounts(mount);
      else removeMount(mount);
    } catch (cause) {
      if (!(cause instanceof DhowError)) throw cause;
      throw new DhowError(`unmounting container ${record.id}`, { kind: cause.kind, cause });
    }
    recordEvent(engine, record, "unmount");
  });
}
