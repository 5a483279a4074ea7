import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { ContainerConfig, UserNamespaceConfig } from "../model/container-config.ts";
import { type IdRange, sortRanges } from "../model/id-ranges.ts";
import { readIdMap } from "../rootless/id-map.ts";
import { baseLayers } from "./base-layers.ts";
import { countMapped } from "./spec/host-facts.ts";
import { highestIdOf } from "./spec/user.ts";

const fewestIds = 1024;

type IdEngine = Pick<Engine, "containers" | "images" | "layers">;

/**
 * Gives a container with --userns auto ids that no other such container has. Hold the lock `user-namespaces` until it is
 * recorded.
 * @throws {DhowError} `unavailable` if there are not enough.
 */
export function allocateIds(engine: IdEngine, config: ContainerConfig): ContainerConfig {
  const { userns } = config;
  if (userns.mode !== "private" || userns.request === undefined) return config;
  const { request } = userns;
  const size = request.size ?? Math.max(fewestIds, highestIdOf(baseLayers(engine, config)) + 1);
  const own = readIdMap();
  const start = findGap([...takenRanges(engine), ...request.uids, ...request.gids], {
    size,
    end: Math.min(count(own.uids), count(own.gids)),
  });
  const { request: _, ...rest } = userns;
  const ranges = (forced: readonly IdRange[]) => layOut({ start, size, forced });
  return { ...config, userns: { ...rest, uids: ranges(request.uids), gids: ranges(request.gids) } };
}

function count(ranges: readonly IdRange[]): number {
  return countMapped(ranges.map(({ containerId, hostId, size }) => `${containerId} ${hostId} ${size}`).join("\n"));
}

function takenRanges({ containers }: IdEngine): IdRange[] {
  return containers
    .list()
    .flatMap(({ config: { userns } }) => (isAutomatic(userns) ? [...userns.uids, ...userns.gids] : []));
}

function isAutomatic(userns: UserNamespaceConfig): userns is Extract<UserNamespaceConfig, { mode: "private" }> {
  return userns.mode === "private" && userns.kind === "auto";
}

/** The first ids in a row that are free. 0 is the user. */
function findGap(taken: readonly IdRange[], { size, end }: { readonly size: number; readonly end: number }): number {
  let start = 1;
  for (const range of [...taken].sort((a, b) => a.hostId - b.hostId)) {
    if (range.hostId >= start + size) break;
    start = Math.max(start, range.hostId + range.size);
  }
  if (start + size <= end) return start;
  throw new DhowError("not enough unused IDs in user namespace", {
    kind: "unavailable",
    hint: "give the container fewer with --userns auto:size=N, remove containers that have some, or get a larger range of subordinate ids",
  });
}

/** The container's ids from 0 on, but for those that were asked to stand for others. */
function layOut({ start, size, forced }: { start: number; size: number; forced: readonly IdRange[] }): IdRange[] {
  const ranges: IdRange[] = [];
  let next = 0;
  let host = start;
  for (const range of [...sortRanges(forced), { containerId: size, hostId: 0, size: 0 }]) {
    const free = Math.min(range.containerId, size) - next;
    if (free > 0) ranges.push({ containerId: next, hostId: host, size: free });
    host += Math.max(free, 0);
    if (range.size > 0) ranges.push(range);
    next = Math.max(next, range.containerId + range.size);
  }
  return ranges;
}
