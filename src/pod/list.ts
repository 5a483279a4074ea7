import type { LifecycleEngine } from "../container/end.ts";
import { refreshContainers } from "../container/refresh.ts";
import { removePod } from "../container/remove.ts";
import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { Filters } from "../model/filters.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import type { PodRecord } from "../storage/pods.ts";
import { type PodStatus, podStatus } from "./status.ts";

/** A pod, its containers as they are now (the oldest first), and what follows from that. */
export interface ListedPod {
  readonly pod: PodRecord;
  readonly containers: readonly ContainerRecord[];
  readonly infra: ContainerRecord | undefined;
  readonly status: PodStatus;
}

export type PodEngine = LifecycleEngine & Pick<Engine, "images">;

/**
 * Lists pods, the oldest first, with the records of their containers brought up to date.
 * @throws {DhowError} `invalid-argument` for an unknown filter or a bad value.
 */
export async function listPods(engine: PodEngine, filters: Filters = new Map()): Promise<ListedPod[]> {
  const fits = filters.size > 0 ? (await import("./filters.ts")).podFilter(filters) : () => true;
  const listed: ListedPod[] = [];
  for (const pod of engine.pods.list()) {
    if (pod.isBeingRemoved) {
      await finishRemoval(engine, pod);
      continue;
    }
    const one = await describePod(engine, pod);
    if (fits(one)) listed.push(one);
  }
  return listed;
}

/** The pod with its containers as they are now. */
export async function describePod(engine: LifecycleEngine, pod: PodRecord): Promise<ListedPod> {
  const containers = await refreshContainers(engine, engine.containers.listOfPod(pod.id));
  const infra = containers.find(({ id }) => id === pod.config.infraId);
  return { pod, containers, infra, status: podStatus(containers) };
}

/** The pod that was made last. @throws {DhowError} `not-found`. */
export function getLatestPod({ pods }: Pick<Engine, "pods">): PodRecord {
  const latest = pods.list().at(-1);
  if (latest) return latest;
  throw new DhowError("no such pod", { kind: "not-found" });
}

/** Somebody who was removing it was killed: it is removed now. Whoever still does it is left alone. */
async function finishRemoval(engine: LifecycleEngine, { id }: PodRecord): Promise<void> {
  if (!engine.pods.isLocked(id) && engine.pods.find(id)) await removePod(engine, id, { force: true });
}
