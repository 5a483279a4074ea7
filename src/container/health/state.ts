import type { HealthConfig, HealthResult, HealthState } from "../../model/health.ts";

/** How a check ended. */
export interface ProbeEnd {
  readonly start: Date;
  readonly end: Date;
  readonly outcome: "success" | "failure" | "timeout";
  readonly output: string;
}

/** What one check means for the container. */
export interface Judgement {
  readonly state: HealthState;
  /** In the words of `healthcheck run`. */
  readonly verdict: "healthy" | "unhealthy" | "starting" | "stopped";
  /** What is to be done to the container now. */
  readonly action: HealthConfig["onFailure"];
}

/** Of a container that has just been started. */
export function initialHealth({ startup }: HealthConfig): HealthState {
  return {
    ...{ status: "starting", failingStreak: 0, log: [], startupPassed: startup === undefined },
    ...{ startupSuccesses: 0, startupFailures: 0, restartDue: false },
  };
}

/** The check that is due. */
export function currentProbe({ check, startup }: HealthConfig, { startupPassed }: HealthState) {
  return startupPassed || !startup ? check : startup;
}

/** The state after a check. */
export function judge(
  config: HealthConfig,
  before: HealthState,
  { probe, startedAt, runs }: { readonly probe: ProbeEnd; readonly startedAt: Date; readonly runs: boolean },
): Judgement {
  const state = { ...before, log: appended(config, before.log, probe) };
  if (probe.outcome !== "success" && !runs) {
    return { state: { ...state, status: "stopped" }, verdict: "stopped", action: "none" };
  }
  if (config.startup && !before.startupPassed) return judgeStartup(config.startup, state, probe.outcome === "success");
  if (probe.outcome === "success") {
    return { state: { ...state, status: "healthy", failingStreak: 0 }, verdict: "healthy", action: "none" };
  }
  const isStarting = probe.start.getTime() < startedAt.getTime() + config.check.startPeriodMs;
  return isStarting ? { state, verdict: "unhealthy", action: "none" } : judgeFailure(config, state);
}

function judgeFailure({ check, onFailure }: HealthConfig, state: HealthState): Judgement {
  const failingStreak = state.failingStreak + 1;
  if (failingStreak < check.retries) {
    return { state: { ...state, failingStreak }, verdict: "unhealthy", action: "none" };
  }
  const restartDue = onFailure === "restart";
  return {
    state: { ...state, failingStreak, status: "unhealthy", restartDue },
    verdict: "unhealthy",
    action: onFailure,
  };
}

function judgeStartup(
  { successes, retries }: NonNullable<HealthConfig["startup"]>,
  state: HealthState,
  succeeded: boolean,
): Judgement {
  if (!succeeded) {
    const startupFailures = state.startupFailures + 1;
    const restartDue = retries > 0 && startupFailures >= retries;
    return {
      state: { ...state, startupFailures, startupSuccesses: 0, restartDue },
      verdict: "starting",
      action: restartDue ? "restart" : "none",
    };
  }
  const startupSuccesses = state.startupSuccesses + 1;
  const startupPassed = startupSuccesses >= successes;
  const status = startupPassed ? "healthy" : "starting";
  return {
    state: { ...state, startupSuccesses, startupFailures: 0, startupPassed, status },
    verdict: "healthy",
    action: "none",
  };
}

function appended(
  { maxLogCount, maxLogSize }: HealthConfig,
  log: readonly HealthResult[],
  { start, end, outcome, output }: ProbeEnd,
): HealthResult[] {
  const result = {
    start: start.toISOString(),
    end: end.toISOString(),
    exitCode: exitCodes[outcome],
    output: maxLogSize > 0 ? output.slice(0, maxLogSize) : output,
  };
  const all = [...log, result];
  return maxLogCount > 0 ? all.slice(-maxLogCount) : all;
}
const exitCodes = { success: 0, failure: 1, timeout: -1 } as const;

/** Milliseconds until the next check of a running container; undefined if only the user runs checks. */
export function nextCheckMs(
  config: HealthConfig,
  state: HealthState,
  { startedAt, now }: { readonly startedAt: Date; readonly now: Date },
): number | undefined {
  const { check } = config;
  const probe = currentProbe(config, state);
  const isStarting = state.status === "starting" && now.getTime() < startedAt.getTime() + check.startPeriodMs;
  const usesStartInterval = probe === check && isStarting && check.startIntervalMs > 0;
  return (usesStartInterval ? check.startIntervalMs : probe.intervalMs) || undefined;
}

/** Whether anything but the user runs checks of the container. */
export function hasTimer({ check, startup }: HealthConfig): boolean {
  return (startup ?? check).intervalMs > 0 || check.startIntervalMs > 0;
}

/** The state of a container's health under podman's and Docker's names. */
export function healthJson({ status, failingStreak, log }: HealthState): object {
  const results = log.map(({ start, end, exitCode, output }) => ({
    ...{ Start: start, End: end, ExitCode: exitCode, Output: output },
  }));
  return { Status: status, FailingStreak: failingStreak, Log: results };
}
