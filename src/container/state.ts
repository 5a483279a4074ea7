import type { ContainerRecord, ContainerState } from "../storage/containers.ts";

/** What is possible in which state. No other file compares states. */

/** Whether it has, or is about to have, processes that belong to this boot. */
export function isLive(state: ContainerState): boolean {
  return state === "initialized" || isRunning(state);
}

/** Whether its program runs. */
export function isRunning(state: ContainerState): boolean {
  return state === "running" || state === "paused" || state === "stopping";
}

export function isPaused(state: ContainerState): boolean {
  return state === "paused";
}

export function isBeingRemoved(state: ContainerState): boolean {
  return state === "removing";
}

/** Whether somebody is starting it now, or died doing so. */
export function isStarting(state: ContainerState): boolean {
  return state === "initialized";
}

/** Whether `init` made it ready: its process exists and waits to be let go. */
export function isInitialized({ state, init }: Pick<ContainerRecord, "state" | "init">): boolean {
  return isStarting(state) && init !== undefined;
}

export function hasEnded(state: ContainerState): boolean {
  return state === "exited";
}

export function canStart(state: ContainerState): boolean {
  return state === "created" || state === "exited";
}

export function canStop(state: ContainerState): boolean {
  return isRunning(state);
}

export function canKill(state: ContainerState): boolean {
  return isRunning(state);
}

export function canExec(state: ContainerState): boolean {
  return state === "running" || state === "stopping";
}

export function canPause(state: ContainerState): boolean {
  return state === "running";
}

/** Without force. */
export function canRemove(state: ContainerState): boolean {
  return !isLive(state);
}

/** Whether `prune` takes it: it does not run, and nobody is about to start it. */
export function isPrunable(state: ContainerState): boolean {
  return canStart(state);
}

/** The states that filters may name. */
export const knownStates: readonly string[] = [
  ...["created", "initialized", "running", "paused", "stopping", "stopped", "exited", "removing", "unknown"],
];
