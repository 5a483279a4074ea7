import { DhowError } from "../../errors.ts";

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds of a duration as Go writes it: `1h30m`, `250ms`; undefined if it is none. */
export function parseDurationMs(text: string): number | undefined {
  if (text === "0") return 0;
  const parts = [...text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) return undefined;
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (unitMs[unit ?? ""] ?? 0), 0);
}

/**
 * Milliseconds since 1970 of a moment: RFC 3339 (UTC where it names no zone), seconds since 1970, or how long ago.
 * @throws {DhowError} `invalid-argument`.
 */
export function parseTime(flag: string, text: string): number {
  if (/^\d{4}-\d\d-\d\d/.test(text)) {
    const zoned = /(Z|[+-]\d\d:\d\d)$/.test(text.slice(10)) || text.length === 10 ? text : `${text}Z`;
    const ms = Date.parse(zoned);
    if (!Number.isNaN(ms)) return ms;
  }
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const agoMs = parseDurationMs(text.replace(/^-/, ""));
  if (agoMs === undefined) {
    throw new DhowError(`parsing ${flag} ${JSON.stringify(text)}: unable to interpret time value`, {
      kind: "invalid-argument",
      hint: "give a moment such as 2026-01-31T12:00:00, seconds since 1970, or a duration such as 10m",
    });
  }
  const isFuture = (flag === "--until") !== text.startsWith("-");
  return Date.now() + (isFuture ? agoMs : -agoMs);
}
