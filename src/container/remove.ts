import { DhowError } from "../errors.ts";
import type { PodMembership } from "../model/pod-config.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import type { PodRecord } from "../storage/pods.ts";
import { dependenciesOf } from "./dependencies.ts";
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
  /** The container's pod is about to be removed, too. */
  readonly withPod?: boolean;
}

/**
 * Removes a container with everything it has on disk. Can be cut off at any moment and done again.
 *
 * @returns The ids of what was removed, the container's own last; none if somebody else was faster.
 * @throws {DhowError} `not-found`; `conflict` with exit code 2 if it runs, with 125 if other containers need it.
 */
export async function removeContainer(
  engine: LifecycleEngine,
  nameOrId: string,
  options: RemoveOptions,
): Promise<string[]> {
  const { id, config } = engine.containers.get(nameOrId);
  if (config.pod?.role === "infra" && !options.withPod) return removeWithPod(engine, id, config.pod, options);
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

/** An infra container goes with its pod alone. */
async function removeWithPod(
  engine: LifecycleEngine,
  id: string,
  pod: PodMembership,
  { depend, force, timeoutSeconds }: RemoveOptions,
): Promise<string[]> {
  if (!depend) {
    throw new DhowError(
      `container ${id} is the infra container of pod ${pod.id} and cannot be removed without removing the pod`,
      { kind: "conflict" },
    );
  }
  return removePod(engine, pod.id, { force, timeoutSeconds });
}

/** Containers that live in namespaces of this one. */
function findDependents(engine: LifecycleEngine, id: string): ContainerRecord[] {
  return engine.containers
    .list()
    .filter(({ config, id: other }) => other !== id && dependenciesOf(config).includes(id));
}

function stillRunning({ id, state }: ContainerRecord): DhowError {
  return new DhowError(
    `cannot remove container ${id} as it is ${state} - running or paused containers cannot be removed without force: container state improper`,
    { kind: "conflict", exitCode: 2 },
  );
}

export interface RemovePodOptions {
  /** Stops running containers first. A pod in which only the infra container runs needs no force. */
  readonly force: boolean;
  readonly timeoutSeconds?: number | undefined;
}

/**
 * Removes a pod with all its containers. Can be cut off at any moment and done again; until it is done, nothing joins the pod.
 *
 * @returns The ids of the containers that were removed.
 * @throws {DhowError} `not-found`; `conflict` if a container runs and force is not used.
 */
export async function removePod(
  engine: LifecycleEngine,
  nameOrId: string,
  { force, timeoutSeconds }: RemovePodOptions,
): Promise<string[]> {
  const { id } = engine.pods.get(nameOrId);
  return engine.pods.withLock(id, async () => {
    const pod = engine.pods.find(id);
    if (!pod) return [];
    const members = membersOf(engine, pod);
    const running = members.filter((member) => !isInfra(member) && !canRemove(member.state) && !isGone(member));
    if (running.length > 0 && !force) throw containersRun(pod, running);
    engine.pods.beginRemoval(id);
    // Somebody may have joined before that.
    const removed: string[] = [];
    for (const { id: member } of membersOf(engine, pod)) {
      if (!engine.containers.find(member)) continue;
      const options = { force: true, timeoutSeconds, depend: true, volumes: true, withPod: true };
      removed.push(...(await removeContainer(engine, member, options)));
    }
    engine.pods.remove(id);
    engine.events.append({ type: "pod", status: "remove", id, name: pod.name });
    return removed;
  });
}

/** The infra container last, since the others live in its namespaces. */
function membersOf({ containers }: LifecycleEngine, { id }: PodRecord): ContainerRecord[] {
  const members = containers.listOfPod(id);
  return [...members.filter((member) => !isInfra(member)), ...members.filter(isInfra)];
}

function isInfra({ config }: ContainerRecord): boolean {
  return config.pod?.role === "infra";
}

function containersRun({ id }: PodRecord, running: readonly ContainerRecord[]): DhowError {
  const reasons = running.map(
    ({ id: member, state }) =>
      `error removing container ${member} from pod ${id}: cannot remove container ${member} as it is ${state} - running or paused containers cannot be removed without force: container state improper`,
  );
  return new DhowError(
    `not all containers could be removed from pod ${id}: removing pod containers\n${reasons.map((reason) => `Error: ${reason}`).join("\n")}`,
    { kind: "conflict" },
  );
}
