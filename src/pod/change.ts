import { killContainer } from "../container/kill.ts";
import { pauseContainer, unpauseContainer } from "../container/pause.ts";
import { getSettled } from "../container/start.ts";
import { canKill, canPause, isLive, isPaused } from "../container/state.ts";
import { stopContainer } from "../container/stop.ts";
import type { Engine } from "../engine.ts";
import { isKind } from "../errors.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import type { PodRecord } from "../storage/pods.ts";
import { recordPodEvent } from "./record-event.ts";
import { getOpen, named, startMembers } from "./start.ts";

export interface StopPodOptions {
  /** Before containers are killed; undefined for each container's own. */
  readonly timeoutSeconds?: number | undefined;
}

/**
 * Stops a pod: all its containers at once, then the infra container, which the others live in. Those that do not run are
 * left as they are.
 * @throws {AggregateError} Why containers could not be stopped; the others are.
 */
export function stopPod(engine: Engine, nameOrId: string, options: StopPodOptions = {}): Promise<void> {
  return change(engine, nameOrId, async (pod) => {
    await stopMembers(engine, pod, options);
    recordPodEvent(engine, pod, "stop");
  });
}

/**
 * Stops a pod and starts it again, its containers that did not run as well. Init containers do not run again.
 * @throws {AggregateError}
 */
export function restartPod(engine: Engine, nameOrId: string): Promise<void> {
  return change(engine, nameOrId, async (pod) => {
    await stopMembers(engine, pod, { keep: true });
    recordPodEvent(engine, pod, "stop");
    await startMembers(engine, pod);
    recordPodEvent(engine, pod, "start");
  });
}

/** Sends a signal to all containers of a pod that run. @throws {AggregateError} */
export function killPod(engine: Engine, nameOrId: string, signal: number): Promise<void> {
  return change(engine, nameOrId, async (pod) => {
    const members = await current(engine, pod);
    await forAll(
      inOrder(pod, members).filter(({ state }) => canKill(state)),
      "killing",
      ({ id }) => killContainer(engine, id, signal),
    );
    recordPodEvent(engine, pod, "kill");
  });
}

/** Freezes all containers of a pod that run. @throws {AggregateError} */
export function pausePod(engine: Engine, nameOrId: string): Promise<void> {
  return change(engine, nameOrId, async (pod) => {
    const running = (await current(engine, pod)).filter(({ state }) => canPause(state));
    await forAll(running, "pausing", ({ id }) => pauseContainer(engine, id));
    recordPodEvent(engine, pod, "pause");
  });
}

/**
 * Lets the paused containers of a pod go on.
 * @returns Whether there were any.
 * @throws {AggregateError}
 */
export async function unpausePod(engine: Engine, nameOrId: string): Promise<boolean> {
  let found = false;
  await change(engine, nameOrId, async (pod) => {
    const paused = (await current(engine, pod)).filter(({ state }) => isPaused(state));
    found = paused.length > 0;
    if (!found) return;
    await forAll(paused, "unpausing", ({ id }) => unpauseContainer(engine, id));
    recordPodEvent(engine, pod, "unpause");
  });
  return found;
}

function change(engine: Engine, nameOrId: string, act: (pod: PodRecord) => Promise<void>): Promise<void> {
  const { id } = engine.pods.get(nameOrId);
  return engine.pods.withLock(id, () => act(getOpen(engine, id)));
}

async function stopMembers(
  engine: Engine,
  pod: PodRecord,
  options: StopPodOptions & { readonly keep?: boolean },
): Promise<void> {
  const live = (await current(engine, pod)).filter(({ state }) => isLive(state));
  const stop = async ({ id }: ContainerRecord) => void (await stopContainer(engine, id, options));
  const isInfra = ({ id }: ContainerRecord) => id === pod.config.infraId;
  await forAll(
    live.filter((member) => !isInfra(member)),
    "stopping",
    stop,
  );
  await forAll(live.filter(isInfra), "stopping", stop);
}

/** A pod's containers, with ends that nobody has noticed yet taken into account. */
async function current(engine: Engine, { id }: PodRecord): Promise<ContainerRecord[]> {
  const members = engine.containers.listOfPod(id).map(({ id: member }) =>
    engine.containers.withLock(member, async () => {
      return engine.containers.find(member) && getSettled(engine, member);
    }),
  );
  return (await Promise.all(members)).filter((member) => member !== undefined);
}

/** The infra container last. */
function inOrder({ config }: PodRecord, members: readonly ContainerRecord[]): ContainerRecord[] {
  const isInfra = ({ id }: ContainerRecord) => id === config.infraId;
  return [...members.filter((member) => !isInfra(member)), ...members.filter(isInfra)];
}

/** Acts on all at once. What has ended, or is gone, meanwhile is no failure. */
async function forAll(
  members: readonly ContainerRecord[],
  verb: string,
  act: (member: ContainerRecord) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  await Promise.all(
    members.map(async (member) => {
      try {
        await act(member);
      } catch (error) {
        const isOver = isKind(error, "conflict") || isKind(error, "not-found");
        if (!isOver) failures.push(named(`${verb} container ${member.id}`, error));
      }
    }),
  );
  if (failures.length > 0) throw new AggregateError(failures);
}
