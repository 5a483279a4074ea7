import { dependenciesOf } from "../container/dependencies.ts";
import { removeContainer } from "../container/remove.ts";
import { getSettled, startContainer } from "../container/start.ts";
import { isRunning } from "../container/state.ts";
import { waitForContainer } from "../container/wait.ts";
import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import type { PodRecord } from "../storage/pods.ts";
import { recordPodEvent } from "./record-event.ts";

/**
 * Starts a pod: its infra container, its init containers one after the other, each to its end, then the others, what
 * they depend on first. Containers that run or are paused are left as they are.
 *
 * @throws {AggregateError} Why containers could not be started; the others are.
 * @throws {DhowError} Why an init container has failed: nothing behind it is started then.
 */
export function startPod(engine: Engine, nameOrId: string): Promise<void> {
  const { id } = engine.pods.get(nameOrId);
  return engine.pods.withLock(id, async () => {
    const pod = getOpen(engine, id);
    await warnOfOldNamespaces(engine, pod);
    await runInitContainers(engine, pod);
    await startMembers(engine, pod);
    recordPodEvent(engine, pod, "start");
  });
}

/** The pod, unless it is about to go. @throws {DhowError} `not-found`; `conflict`. */
export function getOpen({ pods }: Pick<Engine, "pods">, id: string): PodRecord {
  const pod = pods.get(id);
  if (pod.isBeingRemoved) throw new DhowError(`pod ${id} is being removed`, { kind: "conflict" });
  return pod;
}

/** Starts all but the init containers. The caller holds the pod's lock. @throws {AggregateError}. */
export async function startMembers(engine: Engine, { id, config }: PodRecord): Promise<void> {
  const members = engine.containers.listOfPod(id).filter((member) => !isInit(member));
  const failed = new Map<string, unknown>();
  const ordered = [...members.filter((one) => one.id === config.infraId), ...members];
  for (const member of ordered) {
    if (failed.has(member.id)) continue;
    try {
      if (dependenciesOf(member.config).some((other) => failed.has(other))) throw dependencyFailed(member);
      await startContainer(engine, member.id);
    } catch (error) {
      failed.set(member.id, named(`starting container ${member.id}`, error));
    }
  }
  if (failed.size > 0) throw new AggregateError(failed.values());
}

async function runInitContainers(engine: Engine, { id }: PodRecord): Promise<void> {
  for (const member of engine.containers.listOfPod(id).filter(isInit)) {
    await startContainer(engine, member.id);
    const exitCode = await waitForContainer(engine, member.id, { intervalMs: 50 });
    if (exitCode !== 0) {
      throw new DhowError(`init container ${member.id} exited with code ${exitCode}`, { kind: "unavailable" });
    }
    if (member.config.pod?.role === "init-once") await removeContainer(engine, member.id, { force: true });
  }
}

function isInit({ config }: ContainerRecord): boolean {
  return config.pod?.role.startsWith("init-") ?? false;
}

/** If the infra container died alone, the others still live in namespaces that nobody can join any more. */
async function warnOfOldNamespaces(engine: Engine, { id, name, config }: PodRecord): Promise<void> {
  const { infraId } = config;
  if (infraId === undefined || !engine.containers.find(infraId)) return;
  const infra = await engine.containers.withLock(infraId, () => getSettled(engine, infraId));
  if (isRunning(infra.state)) return;
  const left = engine.containers
    .listOfPod(id)
    .filter((member) => isRunning(member.state) && dependenciesOf(member.config).includes(infraId));
  if (left.length === 0) return;
  engine.warn(
    `the infra container of pod ${name} has ended, and ${left.map((one) => one.name).join(", ")} still run in its old namespaces: 'dhow pod restart ${name}' brings them together again`,
  );
}

function dependencyFailed({ id }: ContainerRecord): DhowError {
  return new DhowError(`a dependency of container ${id} failed to start: container state improper`, {
    kind: "conflict",
  });
}

/** A failure of one container among others. */
export function named(action: string, error: unknown): unknown {
  if (!(error instanceof DhowError)) return error;
  return new DhowError(`${action}: ${error.message}`, { kind: error.kind, cause: error });
}
