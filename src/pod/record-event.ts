import type { Engine } from "../engine.ts";
import type { PodRecord } from "../storage/pods.ts";

/** Notes in the journal what happened to a pod. */
export function recordPodEvent(
  { events }: Pick<Engine, "events">,
  { id, name }: Pick<PodRecord, "id" | "name">,
  status: string,
): void {
  events.append({ type: "pod", status, id, name });
}
