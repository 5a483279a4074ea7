import { DhowError } from "../errors.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { isGone, type LifecycleEngine, recordEnd, removeRecorded } from "./end.ts";
import { canRemove, isInitialized, isLive } from "./state.ts";
import { stopContainer } from "./stop.ts";

export interface RemoveOptions {
  /** Stops a running container first. */
  readonly force: boolean;
  /** Before a container that does not stop is killed; undefined for the container's own. */
  readonly timeoutSeconds?: number | undefined;
  /** Removes the containers that use this one's namespaces as well. */
  readonly depend?: boolean;
  /** Removes the volumes that were made with the container. */
  readonly volumes?: boolean;
}

/**
 * Removes a container with everything it has on disk. Can be cut off at any moment and done again.
 *
 * @returns The ids of what was removed, the container's own last; none if somebody else was faster.
 * @throws {DhowError} `not-found`; `conflict` with exit code 2 if it runs, with 125 if other containers need it.
 */
export async function removeContainer(
  engine: LifecycleEngine & Parameters<typeof stopContainer>[0],
  nameOrId: string,
  options: RemoveOptions,
): Promise<string[]> {
  const { id } = engine.containers.get(nameOrId);
  const removed: string[] = [];
  for (const dependent of findDependents(engine, id)) {
    if (!options.depend) {
      throw new DhowError(
        `container ${id} has dependent containers which must be removed before it: ${dependent.id}: container already exists`,
        { kind: "conflict" },
      );
    }
    removed.push(...(await removeContainer(engine, dependent.id, options)));
  }
  const { timeoutSeconds } = options;
  if (options.force && isLive(engine.containers.get(id).state)) {
    await stopContainer(engine, id, { timeoutSeconds, keep: true });
  }
  await engine.containers.withLock(id, async () => {
    const record = engine.containers.find(id);
    if (!record) return;
    const current = isGone(record) || isInitialized(record) ? await recordEnd(engine, record) : record;
    if (!canRemove(current.state)) throw stillRunning(current);
    await removeRecorded(engine, current, { withVolumes: options.volumes || current.config.autoRemove });
    removed.push(id);
  });
  return removed;
}

/** Containers that live in namespaces of this one. */
function findDependents(engine: LifecycleEngine, id: string): ContainerRecord[] {
  return engine.containers.list().filter(({ config, id: other }) => {
    const { network, pidMode, ipcMode, utsMode, requires } = config;
    const joined = [pidMode, ipcMode, utsMode].some((mode) => mode.mode === "container" && mode.id === id);
    return other !== id && (joined || (requires ?? []).includes(id) || network.containerId === id);
  });
}

function stillRunning({ id, state }: ContainerRecord): DhowError {
  return new DhowError(
    `cannot remove container ${id} as it is ${state} - running or paused containers cannot be removed without force: container state improper`,
    { kind: "conflict", exitCode: 2 },
  );
}
