import type { Engine } from "../engine.ts";
import type { Filters } from "../model/filters.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import type { LifecycleEngine } from "./end.ts";
import { refreshContainers } from "./refresh.ts";
import { isRunning } from "./state.ts";

/** A container as listings have it. */
export type ListedContainer = ContainerRecord;

export interface ListContainersOptions {
  readonly filters: Filters;
  /** Those that do not run as well. The filter `status` implies it. */
  readonly all: boolean;
  /** Only the newest so many, whatever their state. */
  readonly last?: number | undefined;
}

/**
 * Lists containers, the oldest first, with their records brought up to date.
 * @throws {DhowError} `invalid-argument` for an unknown filter or a bad value.
 */
export async function listContainers(
  engine: LifecycleEngine & Pick<Engine, "containers" | "images">,
  { filters, all, last }: ListContainersOptions,
): Promise<ListedContainer[]> {
  const records = await refreshContainers(engine, engine.containers.list());
  // Most listings have no filter, and start faster without them.
  const shows = filters.size > 0 ? (await import("./filters.ts")).containerFilter(engine, filters) : () => true;
  const showsAll = all || last !== undefined || filters.has("status");
  const found = records.filter((record) => (showsAll || isRunning(record.state)) && shows(record));
  return last === undefined ? found : found.slice(Math.max(found.length - last, 0));
}
