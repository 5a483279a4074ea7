import type { Engine } from "../engine.ts";
import type { Event } from "../model/event.ts";
import type { Filters } from "../model/filters.ts";
import { eventFilter } from "./filters.ts";

export interface WatchOptions {
  readonly filters: Filters;
  /** Only what happened after, and before, that time; in milliseconds since 1970. */
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
  /** Goes on with what happens from now on, up to `untilMs`. */
  readonly stream: boolean;
}

/** Should the system not tell of changes. */
const pollMs = 1000;

/**
 * Shows events in the order in which they happened. Without a time and with `stream`, only those that are still to come.
 * @throws {DhowError} `invalid-argument` for an unknown filter.
 */
export async function watchEvents(
  { events }: Pick<Engine, "events">,
  { filters, sinceMs, untilMs, stream }: WatchOptions,
  show: (event: Event) => void,
): Promise<void> {
  const passes = eventFilter(filters);
  const sinceNs = sinceMs === undefined ? undefined : toNs(sinceMs);
  const untilNs = untilMs === undefined ? undefined : toNs(untilMs);
  const isWanted = (event: Event) =>
    (sinceNs === undefined || event.timeNs > sinceNs) &&
    (untilNs === undefined || event.timeNs < untilNs) &&
    passes(event);
  const onlyNew = stream && sinceMs === undefined && untilMs === undefined;
  using reader = events.read(onlyNew ? "end" : "start");
  for (;;) {
    const leftMs = untilMs === undefined ? Number.POSITIVE_INFINITY : untilMs - Date.now();
    for (const event of reader.next()) if (isWanted(event)) show(event);
    if (!stream || leftMs <= 0) return;
    await reader.waitForMore(Math.min(pollMs, leftMs));
  }
}

function toNs(ms: number): bigint {
  return BigInt(Math.round(ms * 1000)) * 1000n;
}
