import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { Filters } from "../model/filters.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { listContainers } from "./list.ts";
import { removeContainer } from "./remove.ts";
import { measureContainer } from "./sizes.ts";
import { isPrunable } from "./state.ts";

export interface PrunedContainer {
  readonly id: string;
  /** Bytes that it had written; undefined if it could not be removed. */
  readonly freedBytes: number;
}

export interface PruneResult {
  readonly removed: readonly PrunedContainer[];
  readonly failures: readonly unknown[];
}

const knownFilters = ["label", "label!", "until"];

/**
 * Removes all containers that do not run, or those of them that the filters choose. Goes on after failures.
 * @throws {DhowError} `invalid-argument` for a filter that does not exist here.
 */
export async function pruneContainers(engine: Engine, filters: Filters): Promise<PruneResult> {
  for (const key of filters.keys()) {
    if (!knownFilters.includes(key)) {
      throw new DhowError(`${key} is an invalid filter`, { kind: "invalid-argument" });
    }
  }
  const removed: PrunedContainer[] = [];
  const failures: unknown[] = [];
  for (const record of await listContainers(engine, { filters, all: true })) {
    // Those of a pod go with the pod.
    if (!isPrunable(record.state) || record.config.pod) continue;
    try {
      removed.push(...(await removeOne(engine, record)));
    } catch (error) {
      failures.push(error);
    }
  }
  engine.events.append({ type: "container", status: "prune", id: "", name: "" });
  return { removed, failures };
}

async function removeOne(engine: Engine, record: ContainerRecord): Promise<PrunedContainer[]> {
  const { writtenBytes } = measureContainer(engine, record);
  const ids = await removeContainer(engine, record.id, { force: false });
  return ids.map((id) => ({ id, freedBytes: id === record.id ? writtenBytes : 0 }));
}
