import type { Engine } from "../../engine.ts";
import { removePod } from "../remove.ts";
import type { Fault } from "./fault.ts";

/** Pods that somebody had begun to remove and nobody is at work on, and those that have lost their infra container. */
export async function checkPods(engine: Engine, heals: boolean): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const { id, name, config, isBeingRemoved } of engine.pods.list()) {
    const object = `pod ${name}`;
    if (isBeingRemoved && !engine.pods.isLocked(id)) {
      if (heals) await removePod(engine, id, { force: true });
      faults.push({ object, text: "was being removed", repaired: heals ? "removed" : undefined });
    } else if (!isBeingRemoved && config.infraId !== undefined && !engine.containers.find(config.infraId)) {
      faults.push({ object, text: "its infra container is gone: remove it", repaired: undefined });
    }
  }
  return faults;
}
