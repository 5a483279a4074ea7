import type { Engine } from "../engine.ts";
import { bootId } from "../system/clock.ts";
import { isLive } from "./state.ts";

/** A test for containers, by id, that have, or are about to have, processes now. */
export function aliveContainers({ containers }: Pick<Engine, "containers">): (id: string) => boolean {
  return (id) => {
    const record = containers.find(id);
    return record !== undefined && isLive(record.state) && record.bootId === bootId();
  };
}

/** Whether containers that are alive use a volume, but for one. */
export function isVolumeUsed(engine: Pick<Engine, "volumes" | "containers">, name: string, exceptId?: string): boolean {
  const isAlive = aliveContainers(engine);
  return engine.volumes.users(name).some((id) => id !== exceptId && isAlive(id));
}
