/** A command that tells whether a container works, and when it is run. */
export interface HealthProbe {
  /** In Docker's form: `CMD` and its words, or `CMD-SHELL` and a text for the shell. */
  readonly test: readonly string[];
  /** 0: only when the user asks for it. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Failures in a row that make a container unhealthy; of a startup check: that restart it, 0 for never. */
  readonly retries: number;
}

export interface HealthCheck extends HealthProbe {
  /** For that long after its start a container's failures do not count. */
  readonly startPeriodMs: number;
  /** The interval in the start period, until the container is healthy; 0 for the usual one. */
  readonly startIntervalMs: number;
}

/** Takes the place of the health check until it has succeeded. */
export interface StartupCheck extends HealthProbe {
  /** Successes in a row that are needed; 0 stands for 1. */
  readonly successes: number;
}

export type HealthFailureAction = "none" | "kill" | "restart" | "stop";

/** How a container's health is watched. */
export interface HealthConfig {
  readonly check: HealthCheck;
  readonly startup: StartupCheck | undefined;
  readonly onFailure: HealthFailureAction;
  /** `local`, `events_logger`, or the absolute path of a folder that gets a copy. */
  readonly logDestination: string;
  /** Results that are kept; 0 is all. */
  readonly maxLogCount: number;
  /** Characters of output that are kept of each; 0 is all. */
  readonly maxLogSize: number;
}

export const healthDefaults = {
  intervalMs: 30_000,
  timeoutMs: 30_000,
  retries: 3,
  logDestination: "local",
  maxLogCount: 5,
  maxLogSize: 500,
} as const;

/** `stopped`: the container ended while its last check ran. */
export type HealthStatus = "starting" | "healthy" | "unhealthy" | "stopped";

export interface HealthResult {
  /** RFC 3339. */
  readonly start: string;
  readonly end: string;
  /** 0 or 1; -1 when the time was over. */
  readonly exitCode: number;
  readonly output: string;
}

/** What is known of a container's health since its last start. */
export interface HealthState {
  readonly status: HealthStatus;
  readonly failingStreak: number;
  /** Oldest first. */
  readonly log: readonly HealthResult[];
  /** Whether the startup check is over, or there is none. */
  readonly startupPassed: boolean;
  readonly startupSuccesses: number;
  readonly startupFailures: number;
  /** Whether the checks demand that the container is started again when it has ended. */
  readonly restartDue: boolean;
}
