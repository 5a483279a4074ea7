import { setTimeout as sleep } from "node:timers/promises";

/** How often and how patiently to try again. */
export interface RetryPolicy {
  /** Tries after the first one. */
  readonly retries: number;
  /** The first pause; it doubles each time. */
  readonly delayMs: number;
  /** The user asked for it: refused connections are tried again, too, as a registry may be about to start. */
  readonly isAskedFor?: boolean;
  /** The user said how long a pause is: all are like that. */
  readonly isDelayFixed?: boolean;
  /** Told before each pause after a refused connection, for whoever waits. Tries are counted from 1. */
  readonly onRefused?: (refusal: { readonly error: Error; readonly delayMs: number; readonly attempt: number }) => void;
}

const longestDelayMs = 60_000;

/** Waits before the try with that number (from 0 for the first retry). Ends early with the signal's reason when that is aborted. */
export async function waitBeforeRetry(
  policy: RetryPolicy,
  attempt: number,
  options: { readonly retryAfter?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const asked = options.retryAfter === undefined ? undefined : parseRetryAfter(options.retryAfter, Date.now());
  // Clients that failed together should not come back together.
  const growth = policy.isDelayFixed ? 1 : 2 ** Math.min(attempt, 16) * (1 + Math.random() / 4);
  const patience = policy.delayMs * growth;
  const delayMs = Math.min(asked ?? patience, longestDelayMs);
  await sleep(delayMs, undefined, options.signal === undefined ? {} : { signal: options.signal });
}

/** Milliseconds from a Retry-After header (seconds or a date); undefined if it is neither. */
export function parseRetryAfter(value: string, nowMs: number): number | undefined {
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
