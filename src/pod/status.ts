import { canStart, hasEnded, isInitialized, isPaused, isStarting } from "../container/state.ts";
import type { ContainerRecord } from "../storage/containers.ts";

/** Podman's states of pods. */
export type PodStatus = "Created" | "Running" | "Degraded" | "Paused" | "Stopped" | "Exited" | "Error";

/** What the filter `status` of pods knows. */
export const knownPodStatuses: readonly string[] = [
  ...["stopped", "running", "paused", "exited", "dead", "created", "degraded"],
];

/** The state of a pod, from those of its containers. Init containers do not count. */
export function podStatus(containers: readonly Pick<ContainerRecord, "state" | "init" | "config">[]): PodStatus {
  const counted = containers.filter(({ config }) => !config.pod?.role.startsWith("init-"));
  const counts = { running: 0, paused: 0, ended: 0, created: 0, other: 0 };
  for (const container of counted) counts[kindOf(container)]++;
  if (counted.length === 0) return "Created";
  if (counts.running === counted.length) return "Running";
  if (counts.running > 0) return "Degraded";
  if (counts.paused === counted.length) return "Paused";
  if (counts.ended === counted.length) return "Exited";
  if (counts.ended > 0) return "Stopped";
  return counts.other > 0 ? "Error" : "Created";
}

function kindOf(
  container: Pick<ContainerRecord, "state" | "init">,
): "running" | "paused" | "ended" | "created" | "other" {
  const { state } = container;
  if (state === "running") return "running";
  if (isPaused(state)) return "paused";
  if (hasEnded(state)) return "ended";
  return canStart(state) || isInitialized(container) || isStarting(state) ? "created" : "other";
}
