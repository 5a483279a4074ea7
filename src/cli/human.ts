/** Durations, sizes and times as Docker and Podman write them. */

/** `Less than a second`, `5 seconds`, `About a minute`, `3 weeks`: as docker/go-units rounds. */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < 1) return "Less than a second";
  if (seconds < 60) return count(seconds, "second");
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 60) return minutes === 1 ? "About a minute" : count(minutes, "minute");
  const hours = Math.round(ms / 3_600_000);
  if (hours < 48) return hours === 1 ? "About an hour" : count(hours, "hour");
  const days = Math.trunc(hours / 24);
  if (days < 14) return count(days, "day");
  if (days < 60) return count(Math.trunc(days / 7), "week");
  if (days < 730) return count(Math.trunc(days / 30), "month");
  return count(Math.trunc(days / 365), "year");
}

/** How long ago a time was: `5 seconds ago`. */
export function humanSince(date: Date, now = Date.now()): string {
  return `${humanDuration(now - date.getTime())} ago`;
}

const sizeUnits = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

/** `2.13MB`: three digits, or as many as are asked for, and powers of 1000. */
export function humanSize(bytes: number, digits = 3): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < sizeUnits.length - 1) {
    value /= 1000;
    unit++;
  }
  const rounded = Number(value.toPrecision(digits));
  // 999.6 is written with an exponent, as Go's %.3g does.
  return `${digits === 3 && rounded >= 1000 ? "1e+03" : rounded}${sizeUnits[unit]}`;
}

/** A time as Go prints it: `2006-01-02 15:04:05.678 +0000 UTC`. */
export function goTime(date: Date): string {
  const [day, time = ""] = date.toISOString().slice(0, -1).split("T");
  const [seconds, fraction = ""] = time.split(".");
  const rest = fraction.replace(/0+$/, "");
  return `${day} ${seconds}${rest && `.${rest}`} +0000 UTC`;
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
}
