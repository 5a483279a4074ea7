import { DhowError } from "../errors.ts";
import type { RetryPolicy } from "../registry/retry.ts";
import { readContainersConf } from "../system/containers-conf.ts";

const defaultRetries = 3;
const defaultDelayMs = 1000;

/**
 * Reads --retry and --retry-delay; what is not given, containers.conf says.
 * @throws {DhowError} `invalid-argument` for what is no duration.
 */
export function readRetryFlags(retry: number | undefined, retryDelay: string | undefined): RetryPolicy {
  const conf = readContainersConf();
  const retries = retry ?? conf.retries;
  const delay = retryDelay ?? conf.retryDelay;
  return {
    retries: retries ?? defaultRetries,
    isAskedFor: retries !== undefined,
    delayMs: delay === undefined ? defaultDelayMs : parseDuration(delay),
    isDelayFixed: delay !== undefined,
  };
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a duration as Go writes it: `1m30s`, `500ms`. */
function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (text !== "0" && (text === "" || parts.map(([part]) => part).join("") !== text)) {
    throw new DhowError(`time: invalid duration ${JSON.stringify(text)}`, { kind: "invalid-argument" });
  }
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (unitsMs[unit ?? ""] ?? 0), 0);
}
