import type { Engine } from "../../engine.ts";

/** The folder of the namespace that all networks of the user share. */
export function sharedDirectory({ paths }: Pick<Engine, "paths">): string {
  return `${paths.run}/networks`;
}

/** Runs `work` while no other dhow process changes that namespace. */
export function withNetworks<T>({ locks }: Pick<Engine, "locks">, work: () => Promise<T>): Promise<T> {
  return locks.withLock("networks", work);
}
