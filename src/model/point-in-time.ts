import { DhowError } from "../errors.ts";

const unitsInMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Reads a time as --since, --until and their filters take it: RFC 3339, a date with or without a time (local time),
 * seconds since 1970, or a duration (`10m`, `1h30m`) that lies that long before `now`.
 * @throws {DhowError} `invalid-argument` with podman's wording.
 */
export function parsePointInTime(text: string, now = new Date()): Date {
  if (/^\d+(?:\.\d+)?$/.test(text)) return new Date(Number(text) * 1000);
  const durationMs = parseDurationMs(text);
  if (durationMs !== undefined) return new Date(now.getTime() - durationMs);
  const time = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/.test(text)
    ? Date.parse(text.length === "2006-01-02".length ? `${text}T00:00:00` : text.replace(",", "."))
    : Number.NaN;
  if (Number.isNaN(time)) {
    throw new DhowError(`failed to parse value as time or duration: ${JSON.stringify(text)}`, {
      kind: "invalid-argument",
      hint: "write it as 2006-01-02T15:04:05Z, as 2006-01-02, as seconds since 1970, or as a duration like 10m or 1h30m",
    });
  }
  return new Date(time);
}

/** As {@link parsePointInTime}, but a duration is one from now on. */
export function parseUntil(text: string, now = new Date()): Date {
  const durationMs = parseDurationMs(text);
  return durationMs === undefined ? parsePointInTime(text, now) : new Date(now.getTime() + durationMs);
}

/** Milliseconds of a duration as Go writes it: `1h30m`, `1.5s`, `-2m`. Undefined if the text is none. */
export function parseDurationMs(text: string): number | undefined {
  const parts = /^([+-]?)((?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+)$/.exec(text);
  if (!parts?.[2]) return undefined;
  let ms = 0;
  for (const [, value, unit] of parts[2].matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g)) {
    ms += Number(value) * (unitsInMs[unit as string] as number);
  }
  return parts[1] === "-" ? -ms : ms;
}
