import {
  type HealthCheck,
  type HealthConfig,
  type HealthFailureAction,
  type HealthProbe,
  healthDefaults,
  type StartupCheck,
} from "../../model/health.ts";
import { parseDurationMs } from "../../model/point-in-time.ts";
import { absolutePath } from "./environment.ts";
import type { CallerFacts, HealthFlags } from "./flags.ts";
import { invalid } from "./values.ts";

export interface HealthRequest {
  readonly flags: HealthFlags;
  /** Whether the user gave the flag. */
  changed(name: string): boolean;
  readonly caller: Pick<CallerFacts, "cwd" | "pathKind" | "warn">;
}

/**
 * The health checks that flags and image ask for. Flags without --health-cmd change the image's check.
 * @param image The `Healthcheck` of the image's config.
 * @returns Undefined if the container has none.
 * @throws {DhowError} `invalid-argument`, with podman's words.
 */
export function buildHealth(request: HealthRequest, image: Readonly<Record<string, unknown>> | undefined) {
  // A command of the user's own has nothing to do with the image's times.
  return changeHealth(request, request.flags["health-cmd"] ? undefined : readImageHealth(image));
}

/** The health checks that an image asks for, where no flags change them. */
export function readImageHealth(image: Readonly<Record<string, unknown>> | undefined): HealthConfig | undefined {
  const check = readImageCheck(image);
  return check && { ...withoutCheck, check };
}

/**
 * Health checks after a change by flags; those that were not given change nothing.
 * @param before Undefined if the container has none.
 * @throws {DhowError} `invalid-argument`, with podman's words.
 */
export function changeHealth(request: HealthRequest, before: HealthConfig | undefined): HealthConfig | undefined {
  const { flags, changed } = request;
  const none = changed("no-healthcheck") && flags["no-healthcheck"];
  for (const name of ["health-cmd", "health-startup-cmd"] as const) {
    if (none && flags[name]) throw invalid(`cannot specify both --no-healthcheck and --${name}`);
  }
  const onFailure = changed("health-on-failure")
    ? parseFailureAction(flags["health-on-failure"])
    : (before?.onFailure ?? "none");
  const check = none ? undefined : changeCheck(request, before?.check);
  const startup = none ? undefined : changeStartup(request, before?.startup);
  if (!check) {
    refuseWithoutCheck(request, { onFailure, startup });
    return undefined;
  }
  return {
    check,
    startup,
    onFailure,
    logDestination: changed("health-log-destination")
      ? checkDestination(flags["health-log-destination"], request.caller)
      : (before?.logDestination ?? healthDefaults.logDestination),
    maxLogCount: count(request, "health-max-log-count", before?.maxLogCount ?? healthDefaults.maxLogCount),
    maxLogSize: count(request, "health-max-log-size", before?.maxLogSize ?? healthDefaults.maxLogSize),
  };
}

const withoutCheck: Omit<HealthConfig, "check"> = {
  ...{ startup: undefined, onFailure: "none", logDestination: healthDefaults.logDestination },
  ...{ maxLogCount: healthDefaults.maxLogCount, maxLogSize: healthDefaults.maxLogSize },
};

const defaultProbe = {
  intervalMs: healthDefaults.intervalMs,
  timeoutMs: healthDefaults.timeoutMs,
  retries: healthDefaults.retries,
};

/** Docker's and podman's: times in nanoseconds, where 0 stands for the default. */
function readImageCheck(image: Readonly<Record<string, unknown>> | undefined): HealthCheck | undefined {
  const test = image?.Test;
  if (!Array.isArray(test) || !test.every((word) => typeof word === "string")) return undefined;
  if (test.length < 2 || test[0] === "NONE") return undefined;
  const number = (name: string) => (typeof image?.[name] === "number" ? image[name] : 0);
  const ms = (name: string) => Math.max(number(name) / 1e6, 0);
  return {
    test: test as string[],
    intervalMs: ms("Interval") || healthDefaults.intervalMs,
    timeoutMs: ms("Timeout") || healthDefaults.timeoutMs,
    retries: Math.floor(number("Retries")) || healthDefaults.retries,
    startPeriodMs: ms("StartPeriod"),
    startIntervalMs: ms("StartInterval"),
  };
}

function changeCheck(request: HealthRequest, before: HealthCheck | undefined): HealthCheck | undefined {
  const { flags, changed } = request;
  const test = changed("health-cmd") && flags["health-cmd"] ? parseTest(flags["health-cmd"]) : before?.test;
  if (!test || test[0] === "NONE") return undefined;
  const base = before ?? { ...defaultProbe, startPeriodMs: 0, startIntervalMs: 0 };
  const probe = changeProbe(request, "health-", base);
  if (probe.retries < 1) throw invalid("healthcheck-retries must be greater than 0");
  return {
    ...probe,
    test,
    startPeriodMs: duration(request, "health-start-period", base.startPeriodMs),
    startIntervalMs: duration(request, "health-start-interval", base.startIntervalMs),
  };
}

function changeStartup(request: HealthRequest, before: StartupCheck | undefined): StartupCheck | undefined {
  const { flags, changed } = request;
  const command = flags["health-startup-cmd"];
  const test = changed("health-startup-cmd") && command ? parseTest(command) : before?.test;
  if (!test || test[0] === "NONE") return undefined;
  const base = before ?? { ...defaultProbe, retries: 0, successes: 0 };
  return {
    ...changeProbe(request, "health-startup-", base),
    test,
    successes: count(request, "health-startup-success", base.successes),
  };
}

function changeProbe(
  request: HealthRequest,
  prefix: "health-" | "health-startup-",
  base: Omit<HealthProbe, "test">,
): Omit<HealthProbe, "test"> {
  const { flags, changed } = request;
  const disabled = changed(`${prefix}interval`) && flags[`${prefix}interval`] === "disable";
  const timeoutMs = duration(request, `${prefix}timeout`, base.timeoutMs);
  if (timeoutMs <= 0) throw invalid("healthcheck-timeout must be at least 1 second");
  return {
    intervalMs: disabled ? 0 : duration(request, `${prefix}interval`, base.intervalMs),
    timeoutMs,
    retries: count(request, `${prefix}retries`, base.retries),
  };
}

/** A JSON array, `CMD words`, `CMD-SHELL text`, `none`, or a text for the shell. */
function parseTest(text: string): readonly string[] {
  const words = parseWords(text);
  const [first = "", ...rest] = words ?? text.split(" ");
  switch (first.toUpperCase()) {
    case "NONE":
      return ["NONE"];
    case "CMD":
      return words ?? text.split(/\s+/).filter(Boolean);
    case "CMD-SHELL":
      return [first, rest.join(" ")];
  }
  if (words && rest.length > 0) return ["CMD", ...words];
  return ["CMD-SHELL", words ? first : text];
}

function parseWords(text: string): string[] | undefined {
  let words: unknown;
  try {
    words = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(words) || !words.every((word) => typeof word === "string")) return undefined;
  if (words.length === 0) throw invalid("must define a healthcheck command for all healthchecks");
  return words;
}

function parseFailureAction(text: string): HealthFailureAction {
  if (text === "") return "none";
  if (text === "none" || text === "kill" || text === "restart" || text === "stop") return text;
  throw invalid(
    `invalid on-failure action ${JSON.stringify(text)} for health check: supported actions are none,kill,restart,stop`,
  );
}

function duration({ flags, changed }: HealthRequest, name: DurationFlag, before: number): number {
  if (!changed(name)) return before;
  const text = flags[name];
  const what = name.replace("health-startup-", "healthcheck-").replace(/^health-/, "healthcheck-");
  const ms = text === "0" ? 0 : parseDurationMs(text);
  if (ms === undefined) throw invalid(`invalid ${what}: time: ${durationFault(text)} ${JSON.stringify(text)}`);
  if (ms < 0) throw invalid(`${what} must be 0 seconds or greater`);
  return ms;
}

function durationFault(text: string): string {
  return /^[+-]?\d+(?:\.\d*)?$/.test(text) ? "missing unit in duration" : "invalid duration";
}

type DurationFlag = Extract<keyof HealthFlags, `health-${string}${"interval" | "timeout" | "period"}`>;

function count({ flags, changed }: HealthRequest, name: CountFlag, before: number): number {
  if (!changed(name)) return before;
  const number = flags[name];
  if (number < 0) {
    throw invalid(
      `invalid argument "${number}" for "--${name}" flag: strconv.ParseUint: parsing "${number}": invalid syntax`,
    );
  }
  return number;
}

type CountFlag = Extract<keyof HealthFlags, `health-${string}${"retries" | "success" | "count" | "size"}`>;

function checkDestination(text: string, { cwd, pathKind }: HealthRequest["caller"]): string {
  if (text === "local" || text === "events_logger") return text;
  const path = absolutePath(text, cwd);
  const kind = pathKind(path);
  if (kind === "absent") {
    throw invalid(`HealthCheck Log '${text}' destination error: stat ${text}: no such file or directory`);
  }
  if (kind !== "directory") throw invalid(`HealthCheck Log '${text}' destination must be directory`);
  return path;
}

/** Flags that mean nothing to a container without a health check. */
function refuseWithoutCheck(
  { flags, changed, caller }: HealthRequest,
  { onFailure, startup }: Pick<HealthConfig, "onFailure" | "startup">,
): void {
  if (onFailure !== "none") throw invalid(`cannot set on-failure action to ${onFailure} without a health check`);
  if (startup) {
    throw invalid("cannot set a startup healthcheck when there is no regular healthcheck: invalid argument");
  }
  const idle = Object.keys(flags).filter(
    (name) => name.startsWith("health-") && changed(name) && !name.endsWith("cmd"),
  );
  for (const name of idle) caller.warn(`--${name} has no effect: the container has no health check`);
}
