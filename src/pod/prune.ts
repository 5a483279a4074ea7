import { removePod } from "../container/remove.ts";
import type { Engine } from "../engine.ts";
import { listPods } from "./list.ts";

export interface PrunedPods {
  /** Ids. */
  readonly removed: readonly string[];
  readonly failures: readonly unknown[];
}

/** Removes all pods that have stopped, with their containers. Goes on after failures. */
export async function prunePods(engine: Engine): Promise<PrunedPods> {
  const removed: string[] = [];
  const failures: unknown[] = [];
  for (const { pod, status } of await listPods(engine)) {
    if (status !== "Stopped" && status !== "Exited") continue;
    try {
      await removePod(engine, pod.id, { force: false });
      removed.push(pod.id);
    } catch (error) {
      failures.push(error);
    }
  }
  return { removed, failures };
}
